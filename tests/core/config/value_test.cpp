#include "config/value.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using Texts = std::vector<std::string>;

constexpr auto limit = std::numeric_limits<std::int64_t>::max();

TEST(Value, durations_have_units_or_are_seconds) {
  const std::pair<std::string, std::int64_t> good[] = {{"500ms", 500},
                                                       {"5s", 5'000},
                                                       {"2m", 120'000},
                                                       {"24h", 86'400'000},
                                                       {"1d", 86'400'000},
                                                       {"5", 5'000},
                                                       {"0.02", 20},
                                                       {"1.5", 1'500},
                                                       {"1.5h", 5'400'000},
                                                       {"0", 0},
                                                       {"0s", 0},
                                                       {"1.500000000", 1'500},
                                                       {std::to_string(limit) + "ms", limit}};
  for (const auto& [text, milliseconds] : good) {
    EXPECT_EQ(parse_duration(text), Duration{milliseconds}) << text;
  }
  for (const std::string text : {"",
                                 "s",
                                 "ms",
                                 "-1s",
                                 "+1s",
                                 "1 s",
                                 "1S",
                                 "1w",
                                 "05s",
                                 "010",
                                 "0x10",
                                 "1_000",
                                 "1e3",
                                 ".5",
                                 "5.",
                                 "1.2.3",
                                 "0.0001",
                                 "1.5ms",
                                 "1h30m",
                                 "nan",
                                 "inf",
                                 "9223372036854775807s",
                                 "9223372036854775808ms",
                                 "1.0000000000"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Value, sizes_have_units_or_are_bytes) {
  const std::pair<std::string, std::uint64_t> good[] = {{"1024", 1024},
                                                        {"64MiB", 64U << 20U},
                                                        {"8MB", 8'000'000},
                                                        {"1KiB", 1024},
                                                        {"1KB", 1000},
                                                        {"1kB", 1000},
                                                        {"2GiB", 2ULL << 30U},
                                                        {"1TB", 1'000'000'000'000},
                                                        {"1.5KiB", 1536},
                                                        {"0", 0},
                                                        {"10B", 10}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(parse_byte_size(text), ByteSize{bytes}) << text;
  for (const std::string text : {"", "MiB", "-1", "1 MiB", "1mib", "1M", "010", "1.5", "0.1KB1",
                                 "9223372036854775808", "9999999999TiB"}) {
    EXPECT_EQ(parse_byte_size(text), std::nullopt) << text;
  }
}

TEST(Value, what_is_formatted_is_read_as_the_same) {
  for (const std::int64_t amount :
       {0LL, 1LL, 20LL, 999LL, 1'000LL, 1'024LL, 1'500LL, 60'000LL, 90'000LL, 3'600'000LL,
        86'400'000LL, 604'800'000LL, 8'000'000LL, 16LL << 20U, 1LL << 40U, 1'234'567LL}) {
    EXPECT_EQ(parse_duration(format_duration(Duration{amount})), Duration{amount});
    const ByteSize size{static_cast<std::uint64_t>(amount)};
    EXPECT_EQ(parse_byte_size(format_byte_size(size)), size);
  }
  EXPECT_EQ(format_duration(Duration{604'800'000}), "7d");
  EXPECT_EQ(format_duration(Duration{20}), "20ms");
  EXPECT_EQ(format_byte_size({16U << 20U}), "16MiB");
  EXPECT_EQ(format_byte_size({8'000'000}), "8MB");
}

template <class T>
struct Bound {
  T value{};
  Field field{"name", "help", &value};

  std::optional<T> read(const Texts& texts, Form form = Form::file) const {
    const Parsed parsed = parse_value(field, texts, form);
    return parsed.value ? std::optional{std::get<T>(*parsed.value)} : std::nullopt;
  }
};

TEST(Value, integers_are_base_ten) {
  Bound<std::int64_t> any;
  any.field.minimum = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(any.read({"0"}), 0);
  EXPECT_EQ(any.read({"-12"}), -12);
  EXPECT_EQ(any.read({"9223372036854775807"}), limit);
  for (const std::string text : {"", "010", "-010", "0x10", "0o7", "1_000", "+1", "1.0", "1e3",
                                 " 1", "1 ", "9223372036854775808", "true", "-"}) {
    EXPECT_EQ(any.read({text}), std::nullopt) << text;
  }
}

TEST(Value, both_bounds_of_a_range_are_in_it) {
  Bound<std::int64_t> number;
  number.field.range(1, 10);
  EXPECT_EQ(number.read({"0"}), std::nullopt);
  EXPECT_EQ(number.read({"1"}), 1);
  EXPECT_EQ(number.read({"10"}), 10);
  EXPECT_EQ(number.read({"11"}), std::nullopt);
  Bound<Duration> duration;
  duration.field.range(100, 1'000);
  EXPECT_EQ(duration.read({"99ms"}), std::nullopt);
  EXPECT_EQ(duration.read({"100ms"}), Duration{100});
  EXPECT_EQ(duration.read({"1s"}), Duration{1'000});
  EXPECT_EQ(duration.read({"1001ms"}), std::nullopt);
  Bound<ByteSize> size;
  size.field.range(1'024, 2'048);
  EXPECT_EQ(size.read({"1023"}), std::nullopt);
  EXPECT_EQ(size.read({"2KiB"}), ByteSize{2'048});
  EXPECT_EQ(size.read({"2049"}), std::nullopt);
}

TEST(Value, only_true_and_false_are_bools_in_a_file) {
  Bound<bool> bound;
  EXPECT_EQ(bound.read({"true"}), true);
  EXPECT_EQ(bound.read({"false"}), false);
  for (const std::string text : {"True", "TRUE", "yes", "no", "on", "off", "1", "0", "", "y"}) {
    EXPECT_EQ(bound.read({text}), std::nullopt) << text;
  }
}

TEST(Value, variables_and_flags_take_prefects_bools) {
  Bound<bool> bound;
  for (const std::string text : {"true", "True", "TRUE", "yes", "on", "1"}) {
    EXPECT_EQ(bound.read({text}, Form::text), true) << text;
  }
  for (const std::string text : {"false", "False", "no", "OFF", "0"}) {
    EXPECT_EQ(bound.read({text}, Form::text), false) << text;
  }
  for (const std::string text : {"", "2", "y", "enabled"}) {
    EXPECT_EQ(bound.read({text}, Form::text), std::nullopt) << text;
  }
}

TEST(Value, variables_and_flags_take_prefects_durations) {
  Bound<Duration> bound;
  bound.field.range(0, 7'200'000);
  for (const std::string text : {"1h", "3600", "PT1H", "01:00:00"}) {
    EXPECT_EQ(bound.read({text}, Form::text), Duration{3'600'000}) << text;
  }
  for (const std::string text : {"PT3H", "-PT1H", "an hour"}) {
    EXPECT_EQ(bound.read({text}, Form::text), std::nullopt) << text;
  }
  EXPECT_EQ(bound.read({"PT1H"}), std::nullopt);
}

TEST(Value, a_string_is_one_of_its_choices) {
  Bound<std::string> bound;
  EXPECT_EQ(bound.read({"anything"}), "anything");
  bound.field.one_of({"text", "json"});
  EXPECT_EQ(bound.read({"json"}), "json");
  EXPECT_EQ(bound.read({"JSON"}), "json");
  EXPECT_EQ(expectation(bound.field), "one of text, json");
}

TEST(Value, every_element_of_a_list_is_checked) {
  Bound<std::vector<Duration>> bound;
  bound.field.range(0, 60'000);
  EXPECT_EQ(bound.read({}), std::vector<Duration>{});
  EXPECT_EQ(bound.read({"1s", "2"}), (std::vector{Duration{1'000}, Duration{2'000}}));
  const Texts texts{"1s", "2s", "61s"};
  const Parsed parsed = parse_value(bound.field, texts, Form::file);
  EXPECT_FALSE(parsed.value);
  EXPECT_EQ(parsed.fault, 2U);
}

TEST(Value, expectations_say_type_and_bounds) {
  Bound<std::int64_t> number;
  EXPECT_EQ(expectation(number.field), "an integer");
  number.field.minimum = 1;
  EXPECT_EQ(expectation(number.field), "an integer, at least 1");
  number.field.maximum = 10'000;
  EXPECT_EQ(expectation(number.field), "an integer, 1 to 10000");
  Bound<Duration> duration;
  duration.field.range(0, 60'000);
  EXPECT_EQ(expectation(duration.field), "a duration (500ms, 5s, 2m, 24h or seconds), 0s to 1m");
}

}  // namespace
}  // namespace hangar
