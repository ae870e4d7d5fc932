#include <algorithm>
#include <array>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using enum Check::Verdict;

/// Starts without any table.
class Examine : public testing::Test {
 protected:
  std::vector<Check> examine(const Table& table, Creation creation) {
    const std::array<const Table*, 1> tables{&table};
    return storage_->examine(tables, creation);
  }
  void prepare(Creation creation) {
    const std::array<const Table*, 2> tables{&item_table(), &remark_table()};
    storage_->prepare(tables, creation);
  }
  static std::size_t count(const std::vector<Check>& checks, Check::Verdict verdict) {
    return static_cast<std::size_t>(std::ranges::count(checks, verdict, &Check::verdict));
  }
  static std::string text(const std::vector<Check>& checks) {
    std::string all;
    for (const Check& check : checks) {
      all += check.what + ": " + check.found + " (" + check.hint + ")\n";
    }
    return all;
  }

  std::unique_ptr<FreshDatabase> database_ = storage_under_test().fresh_database();
  std::unique_ptr<Storage> storage_ = storage_under_test().open(database_->url());
};

TEST_F(Examine, finds_no_fault_in_what_it_made) {
  prepare(Creation::when_absent);
  const auto checks = examine(item_table(), Creation::never);
  EXPECT_EQ(count(checks, fail), 0U) << text(checks);
  EXPECT_EQ(checks.front().what, storage_under_test().name());
  EXPECT_NE(text(checks).find("table item: "), std::string::npos) << text(checks);
  EXPECT_NE(text(checks).find("durability: "), std::string::npos) << text(checks);
}

TEST_F(Examine, an_absent_table_is_a_fault_unless_it_may_be_created_and_is_not_created_by_looking) {
  for (int twice = 0; twice < 2; ++twice) {
    const auto forbidden = examine(item_table(), Creation::never);
    EXPECT_EQ(count(forbidden, fail), 1U) << text(forbidden);
    EXPECT_NE(text(forbidden).find("storage.create_tables"), std::string::npos) << text(forbidden);
    const auto allowed = examine(item_table(), Creation::when_absent);
    EXPECT_EQ(count(allowed, fail), 0U) << text(allowed);
  }
  EXPECT_THROW(prepare(Creation::never), ConfigError);
}

TEST_F(Examine, a_row_of_every_kind_of_column_and_key_is_tried) {
  const std::array<const Table*, 3> tables{&item_table(), &remark_table(), &tally_table()};
  storage_->prepare(tables, Creation::when_absent);
  const auto checks = storage_->examine(tables, Creation::never);
  EXPECT_EQ(count(checks, fail), 0U) << text(checks);
  EXPECT_EQ(text(checks).find("refused"), std::string::npos) << text(checks);
}

TEST_F(Examine, a_row_that_is_tried_meets_none_that_is_stored) {
  const Table coded{.name = "coded",
                    .columns = {{"id", ColumnType::uuid, false},
                                {"code", ColumnType::int4, false},
                                {"word", ColumnType::text, false},
                                {"first", ColumnType::boolean, false}},
                    .indexes = {{.name = "uq_coded__code", .parts = {{1}}, .unique = true},
                                {.name = "uq_coded__word", .parts = {{2}}, .unique = true},
                                {.name = "uq_coded__first", .parts = {{3}}, .unique = true}},
                    .foreign_keys = {}};
  const std::array<const Table*, 1> tables{&coded};
  storage_->prepare(tables, Creation::when_absent);
  const auto refused = [&] { return text(examine(coded, Creation::never)).find("refused"); };
  EXPECT_EQ(refused(), std::string::npos);
  Rows rows{coded};
  const std::span<Cell> cells = rows.add();
  cells[0] = uuid_of(1);
  cells[1] = 0;
  cells[2] = std::string_view{"hangar doctor"};
  cells[3] = false;
  const auto session = storage_->open_session();
  session->begin();
  session->insert_missing(rows);
  session->commit();
  EXPECT_EQ(refused(), std::string::npos);
}

TEST_F(Examine, what_is_counted_and_deleted_is_tried_whatever_the_order_of_the_tables) {
  Table items = item_table();
  items.counters = {item::count, item::large};
  items.erased = true;
  Table remarks = remark_table();
  remarks.erased = true;
  const std::array<const Table*, 2> tables{&remarks, &items};
  storage_->prepare(tables, Creation::when_absent);
  const auto checks = storage_->examine(tables, Creation::never);
  EXPECT_EQ(count(checks, fail), 0U) << text(checks);
  EXPECT_EQ(text(checks).find("refused"), std::string::npos) << text(checks);
}

TEST_F(Examine, a_declaration_that_contradicts_itself_is_a_fault) {
  prepare(Creation::when_absent);
  Table declared = item_table();
  declared.primary_key = {99};
  EXPECT_EQ(count(examine(declared, Creation::never), fail), 1U);
}

TEST_F(Examine, a_table_that_cannot_take_what_is_declared_is_a_fault) {
  prepare(Creation::when_absent);
  Table declared = item_table();
  declared.columns.push_back({.name = "colour_depth", .type = ColumnType::int4});
  const auto checks = examine(declared, Creation::when_absent);
  EXPECT_EQ(count(checks, fail), 1U) << text(checks);
  EXPECT_NE(text(checks).find("colour_depth"), std::string::npos) << text(checks);
}

TEST_F(Examine, a_plain_index_that_is_missing_is_worth_a_warning) {
  if (const auto why = storage_under_test().lacks("indexes")) GTEST_SKIP() << *why;
  prepare(Creation::when_absent);
  Table declared = item_table();
  declared.indexes.push_back({.name = "ix_item__part", .parts = {{item::part}, {item::note}}});
  const auto before = count(examine(item_table(), Creation::never), warn);
  const auto checks = examine(declared, Creation::never);
  EXPECT_EQ(count(checks, warn), before + 1) << text(checks);
  EXPECT_EQ(count(checks, fail), 0U) << text(checks);
  EXPECT_NE(text(checks).find("ix_item__part"), std::string::npos) << text(checks);
}

TEST_F(Examine, an_index_that_only_newer_releases_make_is_named_with_the_release_and_no_warning) {
  if (const auto why = storage_under_test().lacks("indexes")) GTEST_SKIP() << *why;
  prepare(Creation::when_absent);
  const std::string as_before = text(examine(item_table(), Creation::never));
  EXPECT_EQ(as_before.find("brings"), std::string::npos) << as_before;
  Table declared = item_table();
  const Index::Part part{item::part};
  declared.indexes.push_back({.name = "ix_a", .parts = {part, {item::note}}, .since = "Maker 3"});
  declared.indexes.push_back({.name = "ix_b", .parts = {{item::note}, part}, .since = "Maker 4"});
  const auto checks = examine(declared, Creation::never);
  EXPECT_EQ(count(checks, warn), count(examine(item_table(), Creation::never), warn));
  EXPECT_EQ(count(checks, fail), 0U) << text(checks);
  for (const char* said : {"like ix_a yet: Maker 3 brings it", "like ix_b yet: Maker 4 brings it",
                           "as they should be"}) {
    EXPECT_NE(text(checks).find(said), std::string::npos) << text(checks);
  }
}

}  // namespace
}  // namespace hangar::conformance
