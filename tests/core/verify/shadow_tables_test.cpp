#include "verify/shadow_tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "sample_tables.hpp"
#include "verify/key_text.hpp"

namespace hangar {
namespace {

using Sample = SampleTables;

struct Tables {
  explicit Tables(std::optional<std::size_t> sample = std::nullopt, std::uint64_t seed = 0)
      : kept{sample, seed} {
    kept.declare(tables.all);
  }
  Rows by_id(const Table& table, std::uint32_t number) const {
    return find(table, {.columns = {0}, .values = {Sample::uuid(number)}});
  }
  Rows find(const Table& table, Keys keys) const {
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) columns.push_back(i);
    return kept.find(table, {{std::move(keys)}}, columns);
  }
  static ShadowTables::Name run_name(std::uint32_t number) {
    return {
        0,
        key_text(std::array<Cell, 1>{Sample::uuid(number)}, std::array<std::size_t, 1>{0}).value()};
  }
  std::vector<std::uint8_t> run_numbers() const {
    std::vector<std::uint8_t> numbers;
    for (std::uint32_t i = 0; i < 256; ++i) {
      if (!by_id(tables.runs, i).empty()) numbers.push_back(static_cast<std::uint8_t>(i));
    }
    return numbers;
  }

  SampleTables tables;
  ShadowTables kept;
};

TEST(ShadowTables, a_row_goes_in_unless_a_unique_key_is_taken) {
  Tables bench;
  const auto insert = [&](const Rows& rows) -> bool {
    return bench.kept.insert_missing(rows).front();
  };
  EXPECT_TRUE(insert(bench.tables.run(1, "a", 1)));
  EXPECT_FALSE(insert(bench.tables.run(1, "b", 1)));
  EXPECT_FALSE(insert(bench.tables.run(2, "a", 1)));
  EXPECT_TRUE(insert(bench.tables.run(3, std::nullopt, 1)));
  EXPECT_TRUE(insert(bench.tables.run(4, std::nullopt, 1))) << "nulls are no two of a kind";
  EXPECT_TRUE(insert(bench.tables.state(1, 1, 5)));
  EXPECT_FALSE(insert(bench.tables.state(2, 1, 5)));
  EXPECT_EQ(bench.kept.roots(), 3U);
}

TEST(ShadowTables, a_row_that_has_only_a_generated_key_is_not_kept) {
  const Table notes{.name = "note", .columns = {{"id", ColumnType::uuid, false}}};
  const std::array all{&notes};
  ShadowTables kept{std::nullopt, 0};
  kept.declare(all);
  Rows rows{notes};
  rows.add()[0] = Cell{Sample::uuid(1)}.on(Cell::Basis::generated);
  rows.add()[0] = Sample::uuid(2);
  EXPECT_EQ(kept.insert_missing(rows), (std::vector{true, true}));
  EXPECT_EQ(kept.roots(), 1U);
}

TEST(ShadowTables, a_row_without_its_primary_key_is_named) {
  Tables bench;
  Rows rows{bench.tables.runs};
  rows.add()[Sample::edition] = 1;
  for (const auto& write : std::vector<std::function<void()>>{
           [&] { bench.kept.insert_missing(rows); }, [&] { bench.kept.update(rows); },
           [&] { bench.kept.add(rows, std::array<std::size_t, 1>{Sample::edition}); }}) {
    std::string said;
    try {
      write();
    } catch (const std::logic_error& error) {
      said = error.what();
    }
    EXPECT_EQ(said, "table run: a row has no value for id, which is in the primary key");
  }
}

TEST(ShadowTables, what_was_written_is_found_by_every_key) {
  Tables bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1, std::string_view{"first"}));
  Rows change{bench.tables.runs};
  const auto row = change.add();
  row[Sample::id] = Sample::uuid(1);
  row[Sample::key] = std::string_view{"b"};
  row[Sample::edition] = std::int32_t{2};
  bench.kept.update(change);
  const Keys old{.columns = {Sample::key}, .values = {std::string_view{"a"}}};
  const Keys now{.columns = {Sample::key}, .values = {std::string_view{"b"}}};
  EXPECT_TRUE(bench.find(bench.tables.runs, old).empty());
  const Rows found = bench.find(bench.tables.runs, now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][Sample::edition], Cell{std::int32_t{2}});
  EXPECT_EQ(found[0][Sample::note], Cell{std::string_view{"first"}}) << "an absent cell";
}

TEST(ShadowTables, what_is_no_unique_key_is_refused) {
  Tables bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1));
  const std::array<Keys, 4> wrong{{{.columns = {Sample::edition}, .values = {1}},
                                   {.columns = {Sample::id}, .values = {1}},
                                   {.columns = {Sample::key}, .values = {Cell{}}},
                                   {.columns = {}, .values = {}}}};
  for (const Keys& keys : wrong) {
    EXPECT_THROW(bench.find(bench.tables.runs, keys), std::logic_error);
    EXPECT_THROW(bench.kept.erase(bench.tables.runs, {{keys}}), std::logic_error);
  }
  EXPECT_TRUE(bench.find(bench.tables.runs, {.columns = {0}, .values = {Cell::null()}}).empty());
}

TEST(ShadowTables, rows_of_one_update_may_exchange_their_keys) {
  Tables bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1));
  bench.kept.insert_missing(bench.tables.run(2, "b", 1));
  Rows change{bench.tables.runs};
  for (const auto& [number, name] : {std::pair{1U, "b"}, std::pair{2U, "a"}}) {
    const auto row = change.add();
    row[Sample::id] = Sample::uuid(number);
    row[Sample::key] = std::string_view{name};
  }
  bench.kept.update(change);
  const Keys key{.columns = {Sample::key}, .values = {std::string_view{"a"}}};
  const Rows found = bench.find(bench.tables.runs, key);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][Sample::id], Cell{Sample::uuid(2)});
}

TEST(ShadowTables, a_row_belongs_to_none_whose_primary_key_it_does_not_name) {
  for (const std::vector<std::size_t>& key :
       {std::vector<std::size_t>{Sample::key}, {Sample::id, Sample::key}}) {
    SampleTables tables;
    tables.runs.primary_key = key;
    ShadowTables shadow{std::nullopt, 0};
    shadow.declare(tables.all);
    EXPECT_TRUE(shadow.insert_missing(tables.run(1, "a", 1)).front());
    EXPECT_FALSE(shadow.insert_missing(tables.run(1, "a", 2)).front());
    EXPECT_TRUE(shadow.insert_missing(tables.state(7, 1, 1)).front());
    EXPECT_EQ(shadow.roots(), 2U);
  }
}

TEST(ShadowTables, what_is_added_grows_and_is_inferred) {
  Tables bench;
  Rows rows = bench.tables.run(1, "a", 5, std::string_view{"first"});
  const std::vector<std::size_t> columns{Sample::edition};
  bench.kept.add(rows, columns);
  rows[0][Sample::note] = std::string_view{"second"};
  bench.kept.add(rows, columns);
  const Rows found = bench.by_id(bench.tables.runs, 1);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][Sample::edition], Cell{std::int32_t{10}});
  EXPECT_EQ(found[0][Sample::edition].basis(), Cell::Basis::inferred);
  EXPECT_EQ(found[0][Sample::note], Cell{std::string_view{"first"}});
  rows[0][Sample::edition] = std::numeric_limits<std::int32_t>::max();
  EXPECT_THROW(bench.kept.add(rows, columns), DataError);
}

TEST(ShadowTables, a_scan_gives_what_a_database_gives) {
  Tables bench;
  for (const std::uint32_t i : {5U, 2U, 4U, 1U, 3U}) {
    bench.kept.insert_missing(
        bench.tables.run(i, std::to_string(i), static_cast<std::int32_t>(i / 2)));
  }
  const auto ids = [&](const Range& range, std::size_t limit) {
    const std::vector<std::size_t> none;
    const Rows rows = bench.kept.scan(bench.tables.runs, range, none, limit);
    std::vector<int> numbers;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      numbers.push_back(rows[row][Sample::id].uuid().bytes[15]);
    }
    return numbers;
  };
  using Ids = std::vector<int>;
  EXPECT_EQ(ids({.column = Sample::edition}, 9), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(ids({.column = Sample::edition, .descending = true}, 2), (Ids{5, 4}));
  EXPECT_EQ(ids({.column = Sample::edition, .from = 1, .before = 2}, 9), (Ids{2, 3}));
  EXPECT_EQ(ids({.column = Sample::note}, 9), Ids{});
  const Range::OneOf keys{.column = Sample::key,
                          .values = {std::string_view{"4"}, std::string_view{"1"}}};
  EXPECT_EQ(ids({.one_of = {keys}, .column = Sample::edition}, 9), (Ids{1, 4}));
  std::vector<Cell> after(bench.tables.runs.columns.size());
  after[Sample::id] = Sample::uuid(2);
  after[Sample::edition] = std::int32_t{1};
  EXPECT_EQ(ids({.column = Sample::edition, .after = after}, 2), (Ids{3, 4}));
  EXPECT_EQ(ids({.column = Sample::edition, .descending = true, .after = after}, 9), (Ids{1}));
}

TEST(ShadowTables, what_is_deleted_takes_along_what_belongs_to_it_and_frees_its_keys) {
  Tables bench{std::size_t{10}};
  for (const std::uint32_t i : {1U, 2U}) {
    bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1));
    bench.kept.insert_missing(bench.tables.state(2 * i, i, 1));
    bench.kept.insert_missing(bench.tables.state(2 * i + 1, i, 2));
  }
  const Keys one{.columns = {Sample::key}, .values = {std::string_view{"1"}}};
  EXPECT_EQ(bench.kept.erase(bench.tables.runs, {{one}}), 1U);
  EXPECT_EQ(bench.kept.erase(bench.tables.runs, {{one}}), 0U);
  EXPECT_TRUE(bench.by_id(bench.tables.states, 2).empty());
  EXPECT_FALSE(bench.by_id(bench.tables.states, 4).empty());
  EXPECT_EQ(bench.kept.roots(), 1U);
  const Keys part{.columns = {Sample::state_id}, .values = {Sample::uuid(4)}};
  EXPECT_EQ(bench.kept.erase(bench.tables.states, {{part}}), 1U);
  EXPECT_EQ(bench.kept.roots(), 1U);
  EXPECT_TRUE(bench.kept.insert_missing(bench.tables.run(1, "1", 1)).front());
  EXPECT_TRUE(bench.kept.insert_missing(bench.tables.state(4, 2, 1)).front());
  const auto roots = bench.kept.longest_untouched(9);
  EXPECT_EQ(bench.kept.at(roots.front()).parts.size(), 2U);
  bench.kept.drop(roots.front());
  EXPECT_THROW(bench.kept.erase(bench.tables.runs, {{one}}), std::logic_error);
}

TEST(ShadowTables, a_row_that_changes_what_it_belongs_to_goes_with_the_new_one) {
  Tables bench;
  for (const std::uint32_t run : {1U, 2U}) {
    bench.kept.insert_missing(bench.tables.run(run, std::to_string(run), 1));
  }
  bench.kept.insert_missing(bench.tables.state(7, 1, 1));
  const auto move_to = [&](const Cell& run) {
    Rows change{bench.tables.states};
    const auto row = change.add();
    row[Sample::state_id] = Sample::uuid(7);
    row[Sample::run_id] = run;
    bench.kept.update(change);
  };
  const auto erase = [&](const Table& table, std::uint32_t id) {
    return bench.kept.erase(table, {{{.columns = {0}, .values = {Sample::uuid(id)}}}});
  };
  move_to(Sample::uuid(2));
  EXPECT_EQ(erase(bench.tables.runs, 1), 1U);
  EXPECT_EQ(bench.by_id(bench.tables.states, 7).size(), 1U);
  move_to(Cell::null());
  EXPECT_EQ(bench.kept.roots(), 2U);
  move_to(Sample::uuid(2));
  EXPECT_EQ(bench.kept.roots(), 1U);
  EXPECT_EQ(erase(bench.tables.runs, 2), 1U);
  EXPECT_TRUE(bench.by_id(bench.tables.states, 7).empty());
  EXPECT_EQ(bench.kept.bytes(), 0U);
  EXPECT_EQ(bench.kept.roots(), 0U);
}

TEST(ShadowTables, a_row_that_comes_to_belong_to_what_is_not_kept_is_forgotten) {
  Tables bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1));
  bench.kept.insert_missing(bench.tables.state(7, 1, 1));
  Rows change{bench.tables.states};
  change.add()[Sample::state_id] = Sample::uuid(7);
  change[0][Sample::run_id] = Sample::uuid(9);
  bench.kept.update(change);
  EXPECT_TRUE(bench.by_id(bench.tables.states, 7).empty());
  EXPECT_EQ(bench.kept.roots(), 1U);
  EXPECT_EQ(bench.kept.erase(bench.tables.runs, {{{.columns = {0}, .values = {Sample::uuid(1)}}}}),
            1U);
  EXPECT_EQ(bench.kept.bytes(), 0U);
}

TEST(ShadowTables, what_an_insert_does_not_tell_is_the_declared_default) {
  const Table table{.name = "thing",
                    .columns = {{"id", ColumnType::uuid, false},
                                {"note", ColumnType::text},
                                {"count", ColumnType::int4, false, "7"},
                                {"made", ColumnType::timestamp, false, "now"}},
                    .indexes = {},
                    .foreign_keys = {},
                    .counters = {2}};
  const std::array<const Table*, 1> tables{&table};
  ShadowTables kept{std::nullopt, 0};
  kept.declare(tables);
  Rows rows{table};
  rows.add()[0] = Sample::uuid(1);
  kept.insert_missing(rows);
  rows[0][0] = Sample::uuid(2);
  rows[0][2] = 1;
  const std::vector<std::size_t> counted{2};
  kept.add(rows, counted);
  const std::vector<std::size_t> columns{0, 1, 2, 3};
  const Rows found =
      kept.find(table, {{{.columns = {0}, .values = {Sample::uuid(1), Sample::uuid(2)}}}}, columns);
  ASSERT_EQ(found.size(), 2U);
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(found[row][1], Cell::null());
    EXPECT_EQ(found[row][2], Cell{row == 0 ? 7 : 1});
    EXPECT_EQ(found[row][2].basis(), Cell::Basis::inferred);
    EXPECT_EQ(found[row][3].kind(), Cell::Kind::timestamp);
    EXPECT_EQ(found[row][3].basis(), Cell::Basis::generated);
  }
}

TEST(ShadowTables, a_sample_is_drawn_by_the_seed_whatever_the_order_and_keeps_all_of_its_runs) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 200; ++i) order.push_back(i);
  const auto drawn = [&](std::uint64_t seed) {
    Tables bench{std::size_t{10}, seed};
    for (const std::uint32_t i : order) {
      EXPECT_TRUE(bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1)).front());
      bench.kept.insert_missing(bench.tables.state(2 * i, i, 1));
    }
    for (const std::uint32_t i : order)
      bench.kept.insert_missing(bench.tables.state(2 * i + 1, i, 2));
    auto numbers = bench.run_numbers();
    EXPECT_EQ(numbers.size(), 10U);
    for (std::uint32_t i = 0; i < 200; ++i) {
      const bool kept = std::ranges::find(numbers, i) != numbers.end();
      EXPECT_EQ(bench.by_id(bench.tables.states, 2 * i).empty(), !kept);
      EXPECT_EQ(bench.by_id(bench.tables.states, 2 * i + 1).empty(), !kept);
    }
    return numbers;
  };
  const auto first = drawn(1);
  std::ranges::reverse(order);
  EXPECT_EQ(drawn(1), first);
  EXPECT_NE(drawn(2), first);
}

TEST(ShadowTables, a_run_under_two_ids_is_one_draw) {
  // The second id of a natural key comes when the run under the first one is there or is not drawn.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Tables bench{std::size_t{5}, seed};
    for (std::uint32_t i = 0; i < 40; ++i) {
      bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1));
    }
    const auto before = bench.run_numbers();
    for (std::uint32_t i = 0; i < 40; ++i) {
      bench.kept.insert_missing(bench.tables.run(100 + i, std::to_string(i), 2));
    }
    EXPECT_EQ(bench.run_numbers(), before);
  }
}

TEST(ShadowTables, what_was_not_written_for_longest_comes_first_and_takes_its_parts_along) {
  Tables bench;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1));
    bench.kept.insert_missing(bench.tables.state(i, i, 1));
  }
  bench.kept.update(bench.tables.run(1, "1", 2));
  const auto names = bench.kept.longest_untouched(2);
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0], bench.run_name(2));
  EXPECT_EQ(names[1], bench.run_name(3));
  bench.kept.drop(names[0]);
  EXPECT_TRUE(bench.by_id(bench.tables.states, 2).empty());
  EXPECT_FALSE(bench.by_id(bench.tables.states, 3).empty());
  EXPECT_TRUE(bench.kept.insert_missing(bench.tables.run(2, "2", 3)).front());
  EXPECT_FALSE(bench.kept.at(bench.run_name(2)).whole) << "it was known before";
  EXPECT_TRUE(bench.kept.at(bench.run_name(1)).whole);
  for (const auto& name : bench.kept.longest_untouched(9)) bench.kept.drop(name);
  EXPECT_EQ(bench.kept.bytes(), 0U);
  EXPECT_EQ(bench.kept.roots(), 0U);
}

}  // namespace
}  // namespace hangar
