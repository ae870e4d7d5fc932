#include "parameters.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>

#include "hangar/error.hpp"
#include "things.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

std::string encoded(ColumnType type, const std::vector<Cell>& cells) {
  Parameters parameters;
  parameters.add_column(type, cells.size(), [&](std::size_t i) { return cells[i]; });
  return {parameters.values()[0], static_cast<std::size_t>(parameters.lengths()[0])};
}

/// The first element of a one-element array, as it would come back.
Cell round_trip(ColumnType type, const Cell& cell, std::string& kept) {
  kept = encoded(type, {cell}).substr(24);
  return cell_from_binary(type, kept);
}

Timestamp at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                               std::chrono::day{day}};
}

TEST(Parameters, an_array_has_the_bytes_of_array_send) {
  EXPECT_EQ(encoded(ColumnType::int4, {Cell{5}, Cell::null(), Cell{}, Cell{-1}}),
            "\0\0\0\1"    // dimensions
            "\0\0\0\1"    // has nulls
            "\0\0\0\x17"  // int4
            "\0\0\0\4"    // elements
            "\0\0\0\1"    // lower bound
            "\0\0\0\4\0\0\0\5"
            "\xff\xff\xff\xff"
            "\xff\xff\xff\xff"
            "\0\0\0\4\xff\xff\xff\xff"s);
}

TEST(Parameters, an_array_of_nothing_has_no_dimension) {
  EXPECT_EQ(encoded(ColumnType::text, {}), "\0\0\0\0\0\0\0\0\0\0\0\x19"s);
}

TEST(Parameters, an_array_without_nulls_says_so) {
  EXPECT_EQ(encoded(ColumnType::text, {Cell{std::string_view{"a\0b", 3}}}).substr(0, 8),
            "\0\0\0\1\0\0\0\0"s);
}

TEST(Parameters, several_arrays_do_not_touch_each_other) {
  Parameters parameters;
  const std::string large(300'000, 'x');
  parameters.add_column(ColumnType::int4, 1, [](std::size_t) { return Cell{1}; });
  parameters.add_column(ColumnType::text, 1, [&](std::size_t) { return std::string_view{large}; });
  const std::vector<std::uint64_t> masks{1, std::uint64_t{1} << 40U};
  parameters.add_masks(masks);
  ASSERT_EQ(parameters.count(), 3);
  EXPECT_EQ(parameters.lengths()[0], 28);
  EXPECT_EQ(parameters.lengths()[1], 24 + 300'000);
  EXPECT_EQ(parameters.lengths()[2], 20 + 2 * 12);
  EXPECT_EQ(parameters.values()[1][24], 'x');
  EXPECT_EQ(parameters.values()[1][24 + 299'999], 'x');
  EXPECT_EQ(parameters.values()[2][11], 20);
  parameters.clear();
  EXPECT_EQ(parameters.count(), 0);
  EXPECT_EQ(parameters.size(), 0U);
}

TEST(Parameters, every_type_comes_back) {
  std::string kept;
  const std::vector<std::pair<ColumnType, Cell>> values{
      {ColumnType::uuid, uuid_of(0xfedcba9876543210)},
      {ColumnType::text, std::string_view{"Grüße"}},
      {ColumnType::text, std::string_view{""}},
      {ColumnType::int4, std::numeric_limits<std::int32_t>::min()},
      {ColumnType::timestamp, at(1, 1, 1)},
      {ColumnType::timestamp, at(1999, 12, 31) + 1us},
      {ColumnType::timestamp, at(9999, 12, 31) + 24h - 1us},
      {ColumnType::interval, Interval{0}},
      {ColumnType::interval, Interval{-1}},
      {ColumnType::interval, Interval{-48h}},
      {ColumnType::interval, Interval::max()},
      {ColumnType::interval, Interval::min()},
      {ColumnType::interval, Interval{99'999'999 * 24h} + 23h + 1us},
      {ColumnType::json, std::string_view{R"({"a": 1.0})"}},
      {ColumnType::enumeration, std::string_view{"RED"}}};
  for (const auto& [type, value] : values) EXPECT_EQ(round_trip(type, value, kept), value);
}

TEST(Parameters, an_interval_has_its_days_apart_as_python_has_them) {
  EXPECT_EQ(encoded(ColumnType::interval, {Cell{Interval{-1s}}}).substr(24),
            "\0\0\0\x14\x1d\xc8\x1d\xc0"  // 86,399 seconds
            "\xff\xff\xff\xff"            // -1 day
            "\0\0\0\0"s);
}

TEST(Parameters, the_ends_of_the_calendar_are_infinities_as_prefects_driver_writes_them) {
  using std::chrono::microseconds;
  const auto bytes = [](Timestamp time) {
    std::string kept;
    round_trip(ColumnType::timestamp, time, kept);
    return kept;
  };
  const Timestamp last = at(10'000, 1, 1) - microseconds{1};
  EXPECT_EQ(bytes(at(1, 1, 1)), "\x80\0\0\0\0\0\0\0"s);
  EXPECT_EQ(bytes(last), "\x7f\xff\xff\xff\xff\xff\xff\xff"s);
  std::string kept;
  for (const Timestamp time :
       {at(1, 1, 1), at(1, 1, 1) + microseconds{1}, last - microseconds{1}, last}) {
    EXPECT_EQ(round_trip(ColumnType::timestamp, time, kept), Cell{time});
  }
}

TEST(Parameters, stored_times_beyond_the_range_become_its_ends) {
  const std::string infinity = "\x7f\xff\xff\xff\xff\xff\xff\xff"s;
  const std::string minus_infinity = "\x80\0\0\0\0\0\0\0"s;
  EXPECT_EQ(cell_from_binary(ColumnType::timestamp, infinity), Cell{at(9999, 12, 31) + 24h - 1us});
  EXPECT_EQ(cell_from_binary(ColumnType::timestamp, minus_infinity), Cell{at(1, 1, 1)});
}

TEST(Parameters, a_stored_month_has_thirty_days) {
  EXPECT_EQ(cell_from_binary(ColumnType::interval, "\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\1"s),
            Cell{Interval{32 * 24h} + 1us});
}

TEST(Parameters, stored_intervals_beyond_the_range_become_its_ends) {
  const std::string many = "\0\0\0\0\0\0\0\0\x7f\xff\xff\xff\x7f\xff\xff\xff"s;
  const std::string few = "\0\0\0\0\0\0\0\0\x80\0\0\0\x80\0\0\0"s;
  const std::string sum = "\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\1\0\0\0\0"s;
  EXPECT_EQ(cell_from_binary(ColumnType::interval, many), Cell{Interval::max()});
  EXPECT_EQ(cell_from_binary(ColumnType::interval, few), Cell{Interval::min()});
  EXPECT_EQ(cell_from_binary(ColumnType::interval, sum), Cell{Interval::max()});
}

TEST(Parameters, a_cell_of_another_kind_than_its_column_is_a_bug) {
  EXPECT_THROW(encoded(ColumnType::text, {Cell{1}}), std::logic_error);
  EXPECT_THROW(encoded(ColumnType::int4, {Cell{std::string_view{"1"}}}), std::logic_error);
}

TEST(Parameters, a_value_cut_short_is_noticed) {
  EXPECT_THROW(std::ignore = cell_from_binary(ColumnType::int4, "\0\0"s), std::logic_error);
  EXPECT_THROW(std::ignore = cell_from_binary(ColumnType::uuid, "\0\0"s), std::logic_error);
}

}  // namespace
}  // namespace hangar::postgres
