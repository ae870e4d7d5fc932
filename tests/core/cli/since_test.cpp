#include "cli/since.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

using namespace std::chrono;
using Moment = sys_time<nanoseconds>;

// 2026-11-24T08:30:00Z
constexpr Moment now = sys_days{2026y / November / 24} + 8h + 30min;

TEST(ParseSince, duration_is_counted_back_from_now) {
  EXPECT_EQ(parse_since("30m", now), now - 30min);
  EXPECT_EQ(parse_since("2h", now), now - 2h);
  EXPECT_EQ(parse_since("1d", now), now - 24h);
  EXPECT_EQ(parse_since("1500ms", now), now - 1500ms);
}

TEST(ParseSince, time_is_read_as_rfc_3339_writes_it) {
  const Moment day = sys_days{2026y / February / 28};
  const struct {
    const char* text;
    Moment moment;
  } cases[]{
      {"2026-02-28", day},
      {"2026-02-28T23:59", day + 23h + 59min},
      {"2026-02-28T01:02:03", day + 1h + 2min + 3s},
      {"2026-02-28 01:02:03Z", day + 1h + 2min + 3s},
      {"2026-02-28t01:02:03z", day + 1h + 2min + 3s},
      {"2026-02-28T01:02:03.5Z", day + 1h + 2min + 3s + 500ms},
      {"2026-02-28T01:02:03.123456789Z", day + 1h + 2min + 3s + 123456789ns},
      {"2026-02-28T01:02:03+02:30", day - 1h - 28min + 3s},
      {"2026-02-28T01:02:03-02:30", day + 3h + 32min + 3s},
      {"2024-02-29", sys_days{2024y / February / 29}},
  };
  for (const auto& [text, moment] : cases) EXPECT_EQ(parse_since(text, now), moment) << text;
}

TEST(ParseSince, anything_else_is_no_moment) {
  for (const char* text : {"",
                           "yesterday",
                           "2026-2-3",
                           "2026-02-30",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-00",
                           "2026-02-28T",
                           "2026-02-28T1:02",
                           "2026-02-28T24:00",
                           "2026-02-28T01:60",
                           "2026-02-28T01:02:60",
                           "2026-02-28T01:02:03.",
                           "2026-02-28T01:02:03.1234567890Z",
                           "2026-02-28T01:02:03+2",
                           "2026-02-28T01:02:03ZZ",
                           "2026-02-28x",
                           "1969-12-31",
                           "9999-01-01",
                           "-5m",
                           "99999d"}) {
    EXPECT_EQ(parse_since(text, now), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hangar
