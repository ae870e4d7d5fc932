#include "stored_form.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace hangar::sqlite {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

// The texts are what Prefect 3.8.8 with SQLAlchemy stores for these values.
const std::pair<microseconds, std::string_view> times[] = {
    {0us, "1970-01-01 00:00:00.000000"},
    {12'300us, "1970-01-01 00:00:00.012300"},
    {-1'500'000us, "1969-12-31 23:59:58.500000"},
    {duration_cast<microseconds>(24h * 400), "1971-02-05 00:00:00.000000"},
    {duration_cast<microseconds>(-24h * 700'000), "0053-06-19 00:00:00.000000"},
    {duration_cast<microseconds>(24h * 2'900'000), "9909-12-07 00:00:00.000000"},
    {sys_days{year{1} / 1 / 1}.time_since_epoch() + 1us, "0001-01-01 00:00:00.000001"},
    {sys_days{year{9999} / 12 / 31}.time_since_epoch() + 86'399'999'999us,
     "9999-12-31 23:59:59.999999"},
    {sys_days{year{2024} / 2 / 29}.time_since_epoch() + 13h + 5min + 9s + 7us,
     "2024-02-29 13:05:09.000007"},
};

TEST(StoredForm, times_and_intervals_are_written_and_read) {
  FormBuffer buffer;
  for (const auto& [value, text] : times) {
    EXPECT_EQ(write_time(Timestamp{value}, buffer), text);
    EXPECT_EQ(write_interval(value, buffer), text);
    EXPECT_EQ(read_time(text), Timestamp{value}) << text;
    EXPECT_EQ(read_interval(text), value) << text;
  }
}

TEST(StoredForm, days_of_all_years_are_written_in_their_order_and_read) {
  FormBuffer buffer;
  std::string last;
  for (sys_days day = year{1} / 1 / 1; day <= sys_days{year{9999} / 12 / 31}; day += days{17}) {
    const auto text = write_time(Timestamp{day}, buffer);
    ASSERT_TRUE(text);
    ASSERT_LT(last, *text);
    ASSERT_EQ(read_time(*text), Timestamp{day});
    last = *text;
  }
}

TEST(StoredForm, there_is_none_outside_of_the_years_1_to_9999) {
  FormBuffer buffer;
  const Timestamp first = sys_days{year{1} / 1 / 1};
  const Timestamp end = sys_days{year{10'000} / 1 / 1};
  for (const Timestamp time : {first - 1us, end, Timestamp::min(), Timestamp::max()}) {
    EXPECT_EQ(write_time(time, buffer), std::nullopt);
    EXPECT_EQ(write_interval(time.time_since_epoch(), buffer), std::nullopt);
  }
}

TEST(StoredForm, fewer_digits_of_the_second_are_read) {
  EXPECT_EQ(read_time("1970-01-01 00:00:01"), Timestamp{1s});
  EXPECT_EQ(read_time("1970-01-01 00:00:01.5"), Timestamp{1'500'000us});
  EXPECT_EQ(read_time("1970-01-01 00:00:01.123000"), Timestamp{1'123'000us});
}

TEST(StoredForm, what_is_no_time_is_not_read) {
  for (const std::string_view text :
       {"", "0", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01 00:00:00", "1970-02-30 00:00:00",
        "1970-01-01 24:00:00", "1970-01-01 00:60:00", "1970-01-01 00:00:60", "1970-01-01 00:00:00.",
        "1970-01-01 00:00:00.1234567", "1970-01-01 00:00:00.12x", "1970-01-01 00:00:00+00:00",
        "0000-01-01 00:00:00", "x970-01-01 00:00:00"}) {
    EXPECT_EQ(read_time(text), std::nullopt) << text;
  }
}

TEST(StoredForm, the_default_of_prefects_tables_is_an_interval_of_zero) {
  EXPECT_EQ(read_interval("0"), 0us);
  EXPECT_EQ(read_interval("1"), std::nullopt);
}

TEST(StoredForm, uuids_are_36_lower_case_characters) {
  Uuid uuid;
  for (std::size_t i = 0; i < 16; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(i * 16 + 15 - i);
  FormBuffer buffer;
  const std::string_view text = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
  EXPECT_EQ(write_uuid(uuid, buffer), text);
  EXPECT_EQ(read_uuid(text), uuid);
  EXPECT_EQ(read_uuid("0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"), uuid);
}

TEST(StoredForm, what_is_no_uuid_is_not_read) {
  for (const std::string_view text :
       {"", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fg",
        "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f", "0f1e2d3c_4b5a-6978-8796-a5b4c3d2e1f0",
        "@f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}) {
    EXPECT_EQ(read_uuid(text), std::nullopt) << text;
  }
}

TEST(StoredForm, only_numbers_that_an_integer_column_keeps_stay_text) {
  for (const std::string_view json : {"1.0", "-0", "1e2", "0.5", "123456789012345678901234567890",
                                      "9223372036854775808", " 1", "1 "}) {
    EXPECT_TRUE(loses_number_form(json)) << json;
  }
  for (const std::string_view json :
       {"0", "-17", "9223372036854775807", "-9223372036854775808", "{}", "[1.0]", "\"1.0\"", "null",
        "true", "", " {\"a\": 1.0}"}) {
    EXPECT_FALSE(loses_number_form(json)) << json;
  }
}

}  // namespace
}  // namespace hangar::sqlite
