#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <type_traits>

#include "hangar/storage.hpp"

namespace hangar {
namespace {

Table sound() {
  return {.name = "thing",
          .columns = {{"id", ColumnType::uuid, false},
                      {"name", ColumnType::text, false, "some name"},
                      {"body", ColumnType::json, true, "[{}]"},
                      {"owner", ColumnType::uuid},
                      {"whole", ColumnType::uuid},
                      {"at", ColumnType::timestamp, false, "now"},
                      {"count", ColumnType::int4, false, "-7"},
                      {"colour", ColumnType::enumeration, false, "RED"}},
          .indexes = {{.name = "gin_body", .parts = {{2}}, .gin = true},
                      {.name = "trgm_name", .parts = {{1}}, .trigram = true},
                      {.name = "uq_name", .parts = {{1}}, .unique = true}},
          .foreign_keys = {{4, "whole"}},
          .enumeration_name = "colour",
          .enumeration_values = {"RED", "BLUE"},
          .versioned_by = 5,
          .owners = {{3, "owner"}},
          .primary_key = {1, 0},
          .counters = {6}};
}

Table whole() {
  return {.name = "whole",
          .columns = {{"note", ColumnType::text}, {"id", ColumnType::uuid, false}},
          .indexes = {},
          .foreign_keys = {},
          .primary_key = {1}};
}

void check(const Table& table, const Table& other) {
  const std::array<const Table*, 2> tables{&table, &other};
  check_declaration(table, tables);
}

TEST(Declaration, is_refused_where_it_contradicts_itself) {
  const Table other = whole();
  EXPECT_NO_THROW(check(sound(), other));
  const std::array<void (*)(Table&), 37> faults{
      [](Table& table) { table.columns.clear(); },
      [](Table& table) { table.columns.resize(64, {"more"}); },
      [](Table& table) { table.columns[1].name = "id"; },
      [](Table& table) { table.columns[1].name = ""; },
      [](Table& table) { table.name = "whole"; },
      [](Table& table) { table.primary_key.clear(); },
      [](Table& table) { table.primary_key = {8}; },
      [](Table& table) {
        table.primary_key = {0, 0};
      },
      [](Table& table) { table.columns[1].nullable = true; },
      [](Table& table) { table.columns[0].type = ColumnType::float8; },
      [](Table& table) { table.indexes[0].parts = {{8}}; },
      [](Table& table) { table.indexes[0].parts.clear(); },
      [](Table& table) { table.indexes[0].parts = {{1}}; },
      [](Table& table) { table.indexes[0].unique = true; },
      [](Table& table) { table.indexes[0].trigram = true; },
      [](Table& table) { table.indexes[1].parts = {{0}}; },
      [](Table& table) {
        table.indexes[1].parts = {{1}, {1}};
      },
      [](Table& table) { table.indexes[2].parts = {{2}}; },
      [](Table& table) { table.indexes[2].storage = "sqlite"; },
      [](Table& table) { table.foreign_keys[0].column = 8; },
      [](Table& table) { table.foreign_keys[0].column = 1; },
      [](Table& table) { table.foreign_keys[0].table = "elsewhere"; },
      [](Table& table) { table.foreign_keys[0].table = "thing"; },
      [](Table& table) { table.owners[0].column = 8; },
      [](Table& table) { table.owners[0].column = 1; },
      [](Table& table) { table.versioned_by = 8; },
      [](Table& table) { table.versioned_by = 2; },
      [](Table& table) { table.counters = {8}; },
      [](Table& table) { table.counters = {5}; },
      [](Table& table) { table.enumeration_name = ""; },
      [](Table& table) { table.enumeration_values.clear(); },
      [](Table& table) {
        table.enumeration_values = {"RED", "RED"};
      },
      [](Table& table) {
        table.enumeration_values = {"RED", ""};
      },
      [](Table& table) { table.columns[7].default_value = "GREEN"; },
      [](Table& table) { table.columns[6].default_value = "9999999999"; },
      [](Table& table) { table.columns[5].default_value = "yesterday"; },
      [](Table& table) { table.columns[2].default_value = "{"; }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Table table = sound();
    faults.at(i)(table);
    EXPECT_THROW(check(table, other), ConfigError) << "fault " << i;
  }
}

TEST(Declaration, agrees_with_the_other_tables_of_its_service) {
  const std::array<void (*)(Table&), 4> faults{
      [](Table& other) { other.columns[1].type = ColumnType::text; },
      [](Table& other) { other.columns[1].name = "key"; },
      [](Table& other) { other.primary_key = {0}; },
      [](Table& other) {
        other.enumeration_name = "colour";
        other.enumeration_values = {"BLUE", "RED"};
      }};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Table other = whole();
    faults.at(i)(other);
    EXPECT_THROW(check(sound(), other), ConfigError) << "fault " << i;
  }
}

TEST(Declaration, has_up_to_63_columns) {
  Table table = sound();
  static const std::array<std::string, 63> names = [] {
    std::array<std::string, 63> made;
    for (std::size_t i = 0; i < made.size(); ++i) made.at(i) = "more" + std::to_string(i);
    return made;
  }();
  for (std::size_t i = table.columns.size(); i < 63; ++i) table.columns.push_back({names.at(i)});
  EXPECT_NO_THROW(check(table, whole()));
}

TEST(Declaration, a_table_may_refer_to_itself) {
  Table table = whole();
  table.columns.push_back({"parent", ColumnType::uuid});
  table.foreign_keys = {{2, "whole"}};
  const std::array<const Table*, 1> tables{&table};
  EXPECT_NO_THROW(check_declaration(table, tables));
}

TEST(DefaultCell, is_what_is_declared) {
  using enum ColumnType;
  const Timestamp now{Interval{5}};
  const auto declared = [&](ColumnType type, std::string_view text) {
    return default_cell({"c", type, false, text}, now);
  };
  EXPECT_EQ(declared(text, ""), Cell::null());
  EXPECT_EQ(declared(text, "now"), Cell{std::string_view{"now"}});
  EXPECT_EQ(declared(timestamp, "now"), Cell{now});
  EXPECT_EQ(declared(int4, "7"), Cell{7});
  EXPECT_EQ(declared(int8, "-9223372036854775808"), Cell{std::numeric_limits<std::int64_t>::min()});
  EXPECT_EQ(declared(float8, "0.5"), Cell{0.5});
  EXPECT_EQ(declared(boolean, "false"), Cell{false});
  EXPECT_EQ(declared(interval, "0"), Cell{Interval{0}});
  EXPECT_EQ(declared(json, "{}"), Cell{std::string_view{"{}"}});
}

TEST(DefaultCell, that_its_type_cannot_have_is_refused) {
  using enum ColumnType;
  for (const Column& column :
       {Column{"c", int4, false, "x"}, Column{"c", int4, false, "1x"},
        Column{"c", int4, false, "9999999999"}, Column{"c", timestamp, false, "yesterday"},
        Column{"c", boolean, false, "1"}, Column{"c", interval, false, "5"},
        Column{"c", uuid, false, "random"}, Column{"c", bytes, false, "00"}}) {
    EXPECT_THROW(static_cast<void>(default_cell(column, {})), ConfigError) << column.default_value;
  }
}

// What would be narrowed, or be another value than it looks like, is no cell.
template <class... Values>
constexpr bool none_is_a_cell = !(std::is_constructible_v<Cell, Values> || ...);
static_assert(none_is_a_cell<unsigned, short, char, long long, std::uint64_t, float, const void*>);
static_assert(std::is_constructible_v<Cell, std::int32_t>);
static_assert(std::is_constructible_v<Cell, std::int64_t>);

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
