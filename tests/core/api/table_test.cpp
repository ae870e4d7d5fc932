#include <gtest/gtest.h>

#include <array>

#include "hangar/storage.hpp"

namespace hangar {
namespace {

Table sound() {
  return {.name = "thing",
          .columns = {{"id", ColumnType::uuid, false},
                      {"name", ColumnType::text, false},
                      {"body", ColumnType::json}},
          .indexes = {{.name = "gin_body", .parts = {{2}}, .gin = true}},
          .foreign_keys = {},
          .primary_key = {1, 0}};
}

TEST(Declaration, is_refused_where_it_contradicts_itself) {
  EXPECT_NO_THROW(check_declaration(sound()));
  const std::array<void (*)(Table&), 11> faults{
      [](Table& table) { table.columns.clear(); },
      [](Table& table) { table.columns.resize(64, {"more"}); },
      [](Table& table) { table.primary_key.clear(); },
      [](Table& table) { table.primary_key = {3}; },
      [](Table& table) {
        table.primary_key = {0, 0};
      },
      [](Table& table) { table.columns[1].nullable = true; },
      [](Table& table) { table.columns[0].type = ColumnType::float8; },
      [](Table& table) { table.indexes[0].parts = {{3}}; },
      [](Table& table) { table.indexes[0].parts.clear(); },
      [](Table& table) { table.indexes[0].parts = {{1}}; },
      [](Table& table) { table.indexes[0].unique = true; }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Table table = sound();
    faults.at(i)(table);
    EXPECT_THROW(check_declaration(table), ConfigError) << "fault " << i;
  }
}

TEST(Declaration, has_up_to_63_columns) {
  Table table = sound();
  table.columns.resize(63, {"more"});
  EXPECT_NO_THROW(check_declaration(table));
}

TEST(Cells, are_equal_by_kind_and_value) {
  const std::array<std::byte, 2> bytes{std::byte{1}, std::byte{0}};
  const std::array all{Cell{},
                       Cell::null(),
                       Cell{Uuid{}},
                       Cell{std::int32_t{1}},
                       Cell{Timestamp{}},
                       Cell{Interval{0}},
                       Cell{std::string_view{"\1\0", 2}},
                       Cell{true},
                       Cell{std::int64_t{1}},
                       Cell{1.0},
                       Cell{std::span<const std::byte>{bytes}}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) {
      EXPECT_EQ(all.at(i) == all.at(j), i == j) << i << ' ' << j;
      EXPECT_EQ(compare(all.at(i), all.at(j)) < 0, i < j) << i << ' ' << j;
    }
  }
}

TEST(Cells, of_one_kind_are_in_the_order_of_their_values) {
  EXPECT_TRUE(compare(Cell{-1}, Cell{1}) < 0);
  EXPECT_TRUE(compare(Cell{std::int64_t{-1}}, Cell{std::int64_t{1}}) < 0);
  EXPECT_TRUE(compare(Cell{-0.5}, Cell{0.5}) < 0);
  EXPECT_TRUE(compare(Cell{-0.0}, Cell{0.0}) == 0);
  EXPECT_TRUE(compare(Cell{false}, Cell{true}) < 0);
  EXPECT_TRUE(compare(Cell{std::string_view{"a"}}, Cell{std::string_view{"\xff"}}) < 0);
  EXPECT_TRUE(compare(Cell{std::string_view{"a"}}, Cell{std::string_view{"ab"}}) < 0);
  EXPECT_TRUE(compare(Cell{Timestamp{Interval{-1}}}, Cell{Timestamp{}}) < 0);
}

TEST(Rows, keep_what_a_cell_views) {
  const Table table = sound();
  Rows rows{table};
  std::string text{"some text"};
  const Cell kept = rows.keep(Cell{std::string_view{text}}.on(Cell::Basis::inferred));
  text.assign(text.size(), 'x');
  EXPECT_EQ(kept, Cell{std::string_view{"some text"}});
  EXPECT_EQ(kept.basis(), Cell::Basis::inferred);
  EXPECT_EQ(rows.keep(Cell{5}), Cell{5});
}

}  // namespace
}  // namespace hangar
