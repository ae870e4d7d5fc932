#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using namespace std::chrono_literals;

/// What goes in comes out, by insert and by update.
class Values : public Conformance {
 protected:
  void expect_round_trip(std::size_t column, const std::vector<Cell>& values) {
    Rows rows{item_table()};
    for (unsigned i = 0; i < values.size(); ++i) add_item(rows, i)[column] = values[i];
    EXPECT_EQ(insert(rows), std::vector<bool>(values.size(), true));
    expect_stored(column, values);

    // Each row takes another one's value.
    std::vector<Cell> rotated{values.begin() + 1, values.end()};
    rotated.push_back(values.front());
    Rows changes{item_table()};
    for (unsigned i = 0; i < values.size(); ++i) {
      const std::span<Cell> cells = changes.add();
      cells[item::id] = uuid_of(i);
      cells[column] = rotated[i];
    }
    update(changes);
    expect_stored(column, rotated);
  }

 private:
  void expect_stored(std::size_t column, const std::vector<Cell>& values) {
    for (unsigned i = 0; i < values.size(); ++i) {
      const Cell cell = stored_cell(i, column);
      if (item_table().columns[column].type == ColumnType::json && !values[i].is_null()) {
        ASSERT_EQ(cell.kind(), Cell::Kind::text) << "value " << i;
        EXPECT_EQ(compact(cell.text()), compact(values[i].text()));
      } else {
        EXPECT_EQ(cell, values[i]) << "value " << i;
      }
    }
  }
};

TEST_F(Values, uuids_come_back) {
  Uuid all;
  for (std::size_t i = 0; i < 16; ++i) all.bytes[i] = static_cast<std::uint8_t>(i * 17);
  Uuid ones;
  ones.bytes.fill(0xff);
  expect_round_trip(item::owner, {Uuid{}, all, ones, Cell::null()});
}

TEST_F(Values, text_comes_back_byte_by_byte) {
  static const std::string large(100'000, 'x');
  expect_round_trip(
      item::note,
      {std::string_view{""}, std::string_view{"plain"}, std::string_view{"it's a \"quote\""},
       std::string_view{"back\\slash \\n \\x41 \\\\"}, std::string_view{"$1 ?1 %s {} :name"},
       std::string_view{"line\nfeed\ttab\r\x01\x7f"},
       std::string_view{"Grüße, 你好, 👩‍🔬, \u202e"}, std::string_view{" spaces "},
       std::string_view{"NULL"}, std::string_view{"\\N"}, std::string_view{"{a,\"b\"}"},
       std::string_view{"0012.50"}, std::string_view{large}, Cell::null()});
}

TEST_F(Values, text_without_an_address_is_empty_and_not_null) {
  expect_round_trip(item::note, {std::string_view{}, std::string_view{"other"}});
}

TEST_F(Values, integers_come_back) {
  using limits = std::numeric_limits<std::int32_t>;
  expect_round_trip(item::count, {0, 1, -1, limits::max(), limits::min()});
}

TEST_F(Values, times_of_all_years_come_back_to_the_microsecond) {
  expect_round_trip(item::at,
                    {time_of(1, 1, 1), time_of(9999, 12, 31, 86'399'999'999), time_of(1970, 1, 1),
                     time_of(1969, 12, 31, 86'399'999'999), time_of(2024, 2, 29, 1),
                     time_of(2000, 1, 1, 123'456), time_of(1582, 10, 10), Cell::null()});
}

TEST_F(Values, intervals_come_back_also_negative_and_long_ones) {
  expect_round_trip(item::spent,
                    {0us, 1us, -1us, -1'500'000us, 12'300us, 259'200'000'001us,
                     Interval{60'000'000'000s}, Interval{-60'000'000'000s}, Interval{86'400s},
                     Interval{24h * 31}, -Interval{24h * 400 + 1us}});
}

TEST_F(Values, json_keeps_its_values_and_the_form_of_its_numbers) {
  expect_round_trip(
      item::body,
      {std::string_view{R"({"a": 1, "b": 1.0, "c": 2.50, "d": 123456789012345678901234567890})"},
       std::string_view{R"([1, -1, 1.0, -2.5, 0.0000001, 1.10])"}, std::string_view{"{}"},
       std::string_view{"[]"}, std::string_view{R"({"a": {"b": [null, true, false, ""]}})"},
       std::string_view{
           R"({"q": "\"quoted\" \\ back", "u": "Grüße 👩‍🔬", "x": "$1 ?1"})"}});
}

TEST_F(Values, json_scalars_keep_their_form_too) {
  expect_round_trip(
      item::body, {std::string_view{"1.0"}, std::string_view{"0"}, std::string_view{"-17"},
                   std::string_view{"123456789012345678901234567890"}, std::string_view{"-1.50"},
                   std::string_view{"9223372036854775808"}, std::string_view{"\"12\""},
                   std::string_view{"\"\""}, std::string_view{"true"}, std::string_view{"false"}});
}

TEST_F(Values, the_json_word_null_is_not_a_null) {
  expect_round_trip(item::body, {std::string_view{"null"}, Cell::null(), std::string_view{"{}"}});
}

TEST_F(Values, booleans_come_back) { expect_round_trip(item::yes, {true, false}); }

TEST_F(Values, large_integers_come_back) {
  using limits = std::numeric_limits<std::int64_t>;
  expect_round_trip(item::large, {std::int64_t{0}, std::int64_t{-1}, limits::max(), limits::min(),
                                  std::int64_t{1} << 53U, Cell::null()});
}

TEST_F(Values, floating_numbers_come_back_to_the_last_bit) {
  using limits = std::numeric_limits<double>;
  expect_round_trip(item::weight, {0.0, 1.0, -1.5, 0.1, 1e300, 3.0e15, 9007199254740993.0,
                                   limits::max(), limits::lowest(), limits::denorm_min(),
                                   limits::epsilon(), limits::infinity(), -limits::infinity()});
}

TEST_F(Values, no_number_is_a_data_error_and_the_others_go_on) {
  for (const unsigned rows_beside : {0U, 9U, 200U}) {
    Rows rows{item_table()};
    for (unsigned id = 0; id < rows_beside; ++id) add_item(rows, 1'000 + 10 * rows_beside + id);
    add_item(rows, rows_beside + 1)[item::weight] = std::numeric_limits<double>::quiet_NaN();
    session_->begin();
    session_->savepoint();
    try {
      session_->insert_missing(rows);
      ADD_FAILURE() << "it was stored";
    } catch (const DataError& error) {
      EXPECT_EQ(error.reason(), "out_of_range");
      EXPECT_EQ(error.row(), rows_beside);
    }
    session_->rollback_to_savepoint();
    rows[rows_beside][item::weight] = 1.5;
    session_->insert_missing(rows);
    session_->commit();
    EXPECT_EQ(stored_cell(rows_beside + 1, item::weight), Cell{1.5});
  }
}

TEST_F(Values, a_value_of_another_type_than_its_column_is_refused_and_the_session_goes_on) {
  for (const std::size_t rows_beside : {0U, 100U}) {
    for (const auto& [column, value] : {std::pair<std::size_t, Cell>{item::count, std::int64_t{1}},
                                        {item::large, 1},
                                        {item::name, 1},
                                        {item::yes, 1},
                                        {item::weight, std::int64_t{1}},
                                        {item::at, Interval{1}},
                                        {item::owner, std::string_view{"0"}},
                                        {item::body, true},
                                        {item::blob, std::string_view{"bytes"}}}) {
      Rows rows{item_table()};
      for (unsigned id = 0; id < rows_beside; ++id) add_item(rows, 100 + id);
      add_item(rows, 1)[column] = value;
      session_->begin();
      EXPECT_THROW(session_->insert_missing(rows), std::logic_error) << column;
      session_->rollback();
      session_->begin();
      EXPECT_THROW(session_->update(rows), std::logic_error) << column;
      session_->rollback();
    }
  }
  EXPECT_TRUE(stored_items().empty());
}

TEST_F(Values, bytes_come_back) {
  static const std::array<std::byte, 6> some{std::byte{0},    std::byte{0xff}, std::byte{'\\'},
                                             std::byte{'\''}, std::byte{0x80}, std::byte{0}};
  static const std::vector<std::byte> many(100'000, std::byte{0xa5});
  expect_round_trip(item::blob, {std::span<const std::byte>{some}, std::span{many},
                                 std::span<const std::byte>{}, Cell::null()});
}

TEST_F(Values, json_text_keeps_every_byte) {
  expect_round_trip(item::raw,
                    {std::string_view{R"({ "b" : 1.10,"a":[ 1 ],  "b": 2 })"},
                     std::string_view{R"({"k": "\u00e9\u0041"})"}, std::string_view{" [] "},
                     std::string_view{"12"}, std::string_view{"1.0"}, std::string_view{"1e2"},
                     std::string_view{"123456789012345678901234567890"}, std::string_view{"\"x\""},
                     std::string_view{"null"}, std::string_view{"true"}});
}

TEST_F(Values, enumeration_words_come_back) {
  expect_round_trip(item::kind, {std::string_view{"RED"}, std::string_view{"GREEN"},
                                 std::string_view{"BLUE"}, Cell::null()});
}

TEST_F(Values, a_word_outside_of_the_enumeration_is_a_data_error) {
  Rows rows{item_table()};
  add_item(rows, 1)[item::kind] = std::string_view{"red"};
  EXPECT_THROW(insert(rows), DataError);
}

}  // namespace
}  // namespace hangar::conformance
