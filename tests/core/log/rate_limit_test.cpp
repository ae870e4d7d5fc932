#include "log/rate_limit.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, one_thing_is_told_once_an_interval_with_how_often_it_was_left_out) {
  RateLimit limit{30s};
  const RateLimit::Time start{};
  EXPECT_EQ(limit.told("full", start), 0U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.told("full", start + 29s), std::nullopt);
  EXPECT_EQ(limit.told("full", start + 30s), 1000U);
  EXPECT_EQ(limit.told("full", start + 31s), std::nullopt);
  EXPECT_EQ(limit.told("full", start + 90s), 1U);
}

TEST(RateLimit, a_line_has_a_number_only_where_something_was_left_out) {
  EXPECT_EQ(since_said(0, "failures"), "");
  EXPECT_EQ(since_said(3, "failures"), " (3 more failures since this was said last)");
}

TEST(RateLimit, different_things_do_not_silence_each_other) {
  RateLimit limit{30s};
  const RateLimit::Time start{};
  EXPECT_EQ(limit.told("not_json", start), 0U);
  EXPECT_EQ(limit.told("too_deep", start), 0U);
  EXPECT_EQ(limit.told("not_json", start + 1s), std::nullopt);
}

}  // namespace
}  // namespace hangar
