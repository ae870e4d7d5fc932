#include "verify/shadow_storage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "sample_tables.hpp"
#include "verify/agreement.hpp"

namespace hangar {
namespace {

using Sample = SampleTables;

/// What is stored; knows no owners but those that it is told of.
class Stored final : public Storage {
 public:
  class Reader final : public Session {
   public:
    explicit Reader(Stored& stored) : stored_{stored} {}
    void begin() override {}
    void commit() override { throw std::logic_error{"nothing is to be committed"}; }
    void rollback() noexcept override {}
    Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
              Lock lock) override {
      EXPECT_EQ(lock, Lock::none);
      if (stored_.failures > 0) {
        --stored_.failures;
        throw TransientError{"away", TransientError::Retry::reconnect};
      }
      ++stored_.reads;
      if (table.name != "owner") return stored_.kept.find(table, keys, columns);
      Rows rows{table};
      for (const Uuid& owner : stored_.owners) {
        if (keys[0].values[0] == Cell{owner}) rows.add()[0] = owner;
      }
      return rows;
    }
    std::vector<bool> insert_missing(const Rows&) override { throw std::logic_error{"a write"}; }
    std::size_t update(const Rows&) override { throw std::logic_error{"a write"}; }
    Rows scan(const Table&, const Range&, std::span<const std::size_t>, std::size_t) override {
      throw std::logic_error{"a scan"};
    }
    std::size_t add(const Rows&, std::span<const std::size_t>) override {
      throw std::logic_error{"a write"};
    }
    std::size_t erase(const Table&, std::span<const Keys>) override {
      throw std::logic_error{"a write"};
    }
    using Session::erase;
    void savepoint() override {}
    void rollback_to_savepoint() override {}

   private:
    Stored& stored_;
  };

  void prepare(std::span<const Table* const>, Creation) override {}
  std::vector<Check> examine(std::span<const Table* const>, Creation) override { return {}; }
  std::unique_ptr<Session> open_session() override { return std::make_unique<Reader>(*this); }

  ShadowTables kept{std::nullopt, 0};
  std::vector<Uuid> owners;
  int failures = 0;
  int reads = 0;
};

struct Bench {
  explicit Bench(const ShadowStorage::Options& options = {}) : shadow{stored, options} {
    stored.kept.declare(tables.all);
    shadow.prepare(tables.all, Creation::never);
  }
  void derive(const Rows& rows) {
    const auto session = shadow.open_session();
    session->begin();
    session->insert_missing(rows);
    session->commit();
  }
  void derive_update(const Rows& rows) {
    const auto session = shadow.open_session();
    session->begin();
    session->update(rows);
    session->commit();
  }
  void both(const Rows& rows) {
    derive(rows);
    stored.kept.insert_missing(rows);
  }
  /// `table.column: derived/stored` of each difference.
  std::vector<std::string> differences() {
    std::vector<std::string> texts;
    for (const Difference& found : shadow.finish().differences) {
      texts.push_back(found.table + "." + found.column + ": " + found.derived + "/" +
                      found.stored.value_or("-"));
    }
    return texts;
  }
  const Comparison::Outcome& outcome() { return shadow.finish(); }

  SampleTables tables;
  Stored stored;
  ShadowStorage shadow;
};

using Texts = std::vector<std::string>;

TEST(ShadowStorage, equal_rows_are_no_difference_and_all_are_looked_for) {
  Bench bench;
  for (std::uint32_t i = 0; i < 1'200; ++i) {
    bench.both(bench.tables.run(i, std::to_string(i), 1));
    bench.both(bench.tables.state(i, i, 1));
  }
  EXPECT_EQ(bench.differences(), Texts{});
  EXPECT_EQ(bench.outcome().rows, 2'400U);
}

TEST(ShadowStorage, sums_are_compared_where_all_that_was_added_is_known) {
  for (const bool incomplete : {false, true}) {
    Bench bench;
    if (incomplete) bench.shadow.incomplete();
    const std::vector<std::size_t> columns{Sample::edition};
    for (const std::int32_t number : {2, 3}) {
      const auto session = bench.shadow.open_session();
      session->begin();
      session->add(bench.tables.run(1, "a", number), columns);
      session->commit();
    }
    bench.stored.kept.insert_missing(bench.tables.run(1, "a", 4));
    EXPECT_EQ(bench.differences(), incomplete ? Texts{} : Texts{"run.edition: 5/4"});
  }
}

TEST(ShadowStorage, a_range_that_was_deleted_is_not_looked_for) {
  Bench bench;
  for (std::uint32_t i = 0; i < 9; ++i) {
    bench.derive(bench.tables.run(i, std::to_string(i), static_cast<std::int32_t>(i)));
  }
  bench.stored.kept.insert_missing(bench.tables.run(8, "8", 8));
  const auto session = bench.shadow.open_session();
  session->begin();
  const Range old{.column = Sample::edition, .before = 8};
  EXPECT_EQ(session->erase(bench.tables.runs, old, 100), 8U);
  session->commit();
  EXPECT_EQ(bench.differences(), Texts{});
}

TEST(ShadowStorage, each_value_that_differs_is_named) {
  Bench bench;
  bench.derive(bench.tables.run(1, "a", 1, std::string_view{"derived"}));
  bench.stored.kept.insert_missing(bench.tables.run(1, "a", 1, std::string_view{"stored"}));
  bench.derive(bench.tables.state(7, 1, 1, R"({"x": [1]})"));
  bench.stored.kept.insert_missing(bench.tables.state(7, 1, 1, R"({"x": [2]})"));
  EXPECT_EQ(bench.differences(), (Texts{"run.note: derived/stored", "state.body/x/0: 1/2"}));
  EXPECT_EQ(bench.outcome().differences[1].root, shown(Sample::uuid(1)));
  EXPECT_EQ(bench.outcome().differences[1].row, shown(Sample::uuid(7)));
}

TEST(ShadowStorage, a_row_is_known_by_a_key_of_any_columns) {
  const Table table{.name = "day",
                    .columns = {{"count", ColumnType::int8, false},
                                {"place", ColumnType::text, false},
                                {"day", ColumnType::int4, false}},
                    .primary_key = {1, 2}};
  const auto day = [&](std::string_view place, std::int32_t number, std::int64_t count) {
    Rows rows{table};
    std::ranges::copy(std::array<Cell, 3>{count, place, number}, rows.add().begin());
    return rows;
  };
  const std::array<const Table*, 1> tables{&table};
  Stored stored;
  stored.kept.declare(tables);
  ShadowStorage shadow{stored, {}};
  shadow.prepare(tables, Creation::never);
  const auto session = shadow.open_session();
  session->begin();
  for (const std::int32_t number : {1, 2, 3}) {
    session->insert_missing(day("a", number, 5));
    if (number != 2) stored.kept.insert_missing(day("a", number, 4 + number % 3));
  }
  session->update(day("a", 3, 4));
  session->commit();
  std::vector<std::string> found;
  for (const Difference& difference : shadow.finish().differences) {
    found.push_back(difference.row + ": " + difference.column + " " + difference.derived + "/" +
                    difference.stored.value_or("-"));
  }
  EXPECT_EQ(found, (Texts{"a, 2: place, day a, 2/-"}));
  EXPECT_EQ(shadow.finish().rows, 3U);
}

TEST(ShadowStorage, a_row_that_is_not_stored_is_named_without_what_belongs_to_it) {
  Bench bench;
  bench.derive(bench.tables.run(1, "a", 1));
  bench.derive(bench.tables.state(7, 1, 1));
  bench.both(bench.tables.run(2, "b", 1));
  bench.derive(bench.tables.state(8, 2, 1));
  EXPECT_EQ(bench.differences(), (Texts{"run.id: 00000000-0000-0000-0000-000000000001/-",
                                        "state.id: 00000000-0000-0000-0000-000000000008/-"}));
}

TEST(ShadowStorage, a_stored_row_is_compared_unless_it_is_newer) {
  struct Case {
    std::int32_t derived;
    std::int32_t stored;
    std::uint64_t newer;
    std::size_t different;
  };
  for (const auto& [derived, stored, newer, different] :
       std::vector<Case>{{1, 2, 1, 0}, {2, 2, 0, 1}, {2, 1, 0, 2}}) {
    Bench bench;
    bench.derive(bench.tables.run(1, "a", derived, std::string_view{"x"}));
    bench.stored.kept.insert_missing(bench.tables.run(1, "a", stored, std::string_view{"y"}));
    EXPECT_EQ(bench.outcome().newer, newer) << derived << stored;
    EXPECT_EQ(bench.outcome().different, different) << derived << stored;
  }
}

TEST(ShadowStorage, the_newer_version_is_told_by_any_type_that_has_an_order) {
  const std::array<std::pair<Cell, Cell>, 4> versions{
      {{std::int64_t{1} << 40, std::int64_t{1} << 41},
       {Sample::uuid(1), Sample::uuid(2)},
       {1.0, 1.5},
       {std::string_view{"a"}, std::string_view{"b"}}}};
  for (const auto& [older, newer] : versions) {
    Bench bench;
    Rows rows = bench.tables.run(1, "a", 1, std::string_view{"x"});
    rows[0][Sample::edition] = older;
    bench.derive(rows);
    rows[0][Sample::edition] = newer;
    rows[0][Sample::note] = std::string_view{"y"};
    bench.stored.kept.insert_missing(rows);
    EXPECT_EQ(bench.outcome().newer, 1U);
    EXPECT_EQ(bench.outcome().different, 0U);
  }
}

TEST(ShadowStorage, the_basis_of_a_value_says_whether_it_is_compared) {
  using enum Cell::Basis;
  for (const bool whole : {true, false}) {
    for (const auto& [basis, compared] :
         {std::pair{stated, true}, std::pair{inferred, whole}, std::pair{generated, false}}) {
      Bench bench;
      if (!whole) bench.shadow.incomplete();
      bench.derive(bench.tables.run(1, "a", 1, Cell{std::string_view{"x"}}.on(basis)));
      bench.stored.kept.insert_missing(bench.tables.run(1, "a", 1, std::string_view{"y"}));
      EXPECT_EQ(bench.outcome().different, compared ? 1U : 0U)
          << static_cast<int>(basis) << " " << whole;
    }
  }
}

TEST(ShadowStorage, what_the_newest_message_does_not_tell_is_compared_only_where_all_is_known) {
  for (const bool whole : {true, false}) {
    Bench bench;
    if (!whole) bench.shadow.incomplete();
    bench.derive(bench.tables.run(1, "a", 1, std::string_view{"older than what expired"}));
    Rows newest = bench.tables.run(1, "a", 3);
    newest[0][Sample::note] = Cell{};
    bench.derive_update(newest);
    bench.stored.kept.insert_missing(
        bench.tables.run(1, "a", 3, std::string_view{"told by what expired"}));
    EXPECT_EQ(bench.outcome().different, whole ? 1U : 0U);
  }
}

TEST(ShadowStorage, a_row_under_another_id_is_a_difference_only_where_all_is_known) {
  for (const bool whole : {true, false}) {
    Bench bench;
    if (!whole) bench.shadow.incomplete();
    bench.derive(bench.tables.run(1, "a", 1));
    bench.derive(bench.tables.state(7, 1, 1));
    bench.stored.kept.insert_missing(bench.tables.run(2, "a", 1));
    EXPECT_EQ(bench.outcome().different, whole ? 1U : 0U);
    EXPECT_EQ(bench.outcome().unclear, whole ? 0U : 1U);
  }
}

TEST(ShadowStorage, what_was_deleted_with_its_owner_is_no_difference) {
  for (const bool there : {true, false}) {
    Bench bench;
    if (there) bench.stored.owners.push_back(Sample::uuid(9));
    Rows run = bench.tables.run(1, "a", 1);
    run[0][Sample::owner] = Sample::uuid(9);
    bench.derive(run);
    bench.derive(bench.tables.state(7, 1, 1));
    EXPECT_EQ(bench.outcome().different, there ? 1U : 0U);
    EXPECT_EQ(bench.outcome().gone, there ? 0U : 1U);
    EXPECT_EQ(bench.outcome().mostly_gone(), !there);
  }
}

TEST(ShadowStorage, a_row_past_retention_is_not_missed_and_compared_where_it_is_stored) {
  using namespace std::chrono_literals;
  const Table notes{.name = "note",
                    .columns = {{"id", ColumnType::uuid, false},
                                {"at", ColumnType::timestamp, false},
                                {"kind", ColumnType::text, false}}};
  const std::array<const Table*, 1> all{&notes};
  const std::vector<Expires> both{
      {.table = &notes, .column = 1, .after = 24h},
      {.table = &notes, .column = 1, .after = 1h, .where = 2, .is = "noise"}};
  const std::vector<Expires> none;
  const Interval ever = Interval::max();
  struct Row {
    const std::vector<Expires>& expires;
    Interval age;
    std::string_view kind;
    std::string_view stored;  ///< Nothing: the row is not.
    bool expired;
    bool different;
  };
  const std::vector<Expires> never{{.table = &notes, .column = 1, .after = ever}};
  for (const Row& row :
       {Row{both, 25h, "news", "", true, false}, Row{both, 23h, "news", "", false, true},
        Row{both, 2h, "noise", "", true, false}, Row{both, 2h, "noises", "", false, true},
        Row{both, 30min, "noise", "", false, true}, Row{both, 25h, "news", "news", false, false},
        Row{both, 25h, "news", "other", false, true}, Row{none, 25h, "news", "", false, true},
        Row{never, 10'000h, "news", "", false, true}}) {
    Stored stored;
    stored.kept.declare(all);
    ShadowStorage shadow{stored, {}, row.expires};
    shadow.prepare(all, Creation::never);
    const auto at = std::chrono::floor<Interval>(std::chrono::system_clock::now()) - row.age;
    Rows rows{notes};
    const auto cells = rows.add();
    cells[0] = Sample::uuid(1);
    cells[1] = Timestamp{at};
    cells[2] = row.kind;
    const auto session = shadow.open_session();
    session->begin();
    session->insert_missing(rows);
    session->commit();
    cells[2] = row.stored;
    if (!row.stored.empty()) stored.kept.insert_missing(rows);
    const Comparison::Outcome& found = shadow.finish();
    EXPECT_EQ(found.expired, row.expired ? 1U : 0U) << row.age.count() << row.kind;
    EXPECT_EQ(found.different, row.different ? 1U : 0U) << row.age.count() << row.kind;
  }
}

TEST(ShadowStorage, memory_is_bounded_and_what_comes_back_is_compared_by_itself) {
  const std::size_t most = 20'000;
  Bench bench{{.most_bytes = most}};
  for (std::uint32_t i = 0; i < 500; ++i) bench.both(bench.tables.run(i, std::to_string(i), 1));
  EXPECT_GT(bench.stored.reads, 1) << "nothing was compared on the way";
  // The service is not told of it any more and inserts it anew: all but the new values is a guess.
  Rows again = bench.tables.run(0, "0", 2, Cell{std::string_view{"?"}}.on(Cell::Basis::inferred));
  bench.derive(again);
  bench.stored.kept.update(bench.tables.run(0, "0", 2, std::string_view{"told before"}));
  EXPECT_EQ(bench.differences(), Texts{});
  EXPECT_EQ(bench.outcome().rows, 501U);
}

TEST(ShadowStorage, a_database_that_is_away_for_a_while_changes_no_count) {
  Bench bench{{.most_bytes = 1}};
  bench.derive(bench.tables.run(1, "a", 1));
  bench.stored.failures = 1;
  EXPECT_THROW(bench.derive(bench.tables.run(2, "b", 1)), TransientError);
  bench.derive(bench.tables.run(2, "b", 1));
  EXPECT_EQ(bench.outcome().rows, 2U);
  EXPECT_EQ(bench.outcome().different, 2U);
}

TEST(ShadowStorage, a_transaction_that_fails_after_it_wrote_is_the_last) {
  Bench bench;
  const auto session = bench.shadow.open_session();
  session->begin();
  session->rollback();
  session->begin();
  session->insert_missing(bench.tables.run(1, "a", 1));
  session->rollback();
  EXPECT_THROW(session->begin(), std::logic_error);
}

}  // namespace
}  // namespace hangar
