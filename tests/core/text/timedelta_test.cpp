#include "text/timedelta.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace hangar {
namespace {

TEST(Timedelta, is_read_as_python_does) {
  constexpr std::int64_t minute = 60'000;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  const std::pair<std::string, std::int64_t> good[] = {{"PT15M", 15 * minute},
                                                       {"PT1H30M", 90 * minute},
                                                       {"P7D", 7 * day},
                                                       {"P1W", 7 * day},
                                                       {"P1M", 30 * day},
                                                       {"P1Y", 365 * day},
                                                       {"P1DT12H", 36 * hour},
                                                       {"PT0.25S", 250},
                                                       {"PT1.500000S", 1'500},
                                                       {"01:30:00", 90 * minute},
                                                       {"0:00:01.5", 1'500},
                                                       {"00:30", 30 * minute},
                                                       {"7 days", 7 * day},
                                                       {"1 day", day},
                                                       {"7d", 7 * day},
                                                       {"7 days, 01:00:00", 7 * day + hour},
                                                       {"7 days 01:00:00", 7 * day + hour},
                                                       {"1d01:00", day + hour}};
  for (const auto& [text, milliseconds] : good)
    EXPECT_EQ(parse_timedelta(text), milliseconds) << text;
}

TEST(Timedelta, is_nothing_else) {
  for (const std::string text : {"",          "P",
                                 "PT",        "P1",
                                 "1",         "90.0",
                                 "p7d",       "PT1H1H",
                                 "PT1M1H",    "P1H",
                                 "PT1D",      "PT1H ",
                                 " PT1H",     "PT.5S",
                                 "PT1.S",     "PT1.5M",
                                 "PT0.0001S", "1:60",
                                 "1:00:60",   "1:",
                                 ":30",       "7 weeks",
                                 "7 days,",   "7days1",
                                 "-P1D",      "P1234567890D",
                                 "P1D2",      "01:00:00:00",
                                 "30m"}) {
    EXPECT_EQ(parse_timedelta(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hangar
