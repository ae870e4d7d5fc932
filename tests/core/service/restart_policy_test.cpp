#include "service/restart_policy.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using namespace std::chrono_literals;

const RestartPolicy::Clock::time_point start{1h};

TEST(RestartPolicy, each_failure_within_the_window_doubles_the_wait_up_to_the_longest) {
  RestartPolicy policy{12};
  for (const auto expected :
       {100ms, 200ms, 400ms, 800ms, 1'600ms, 3'200ms, 6'400ms, 12'800ms, 25'600ms, 30'000ms}) {
    EXPECT_EQ(policy.after_failure(start), expected);
  }
}

TEST(RestartPolicy, one_failure_more_than_the_most_within_the_window_is_too_many) {
  RestartPolicy policy{2};
  EXPECT_TRUE(policy.after_failure(start));
  EXPECT_TRUE(policy.after_failure(start + 1min));
  EXPECT_FALSE(policy.after_failure(start + RestartPolicy::window - 1ms));
}

TEST(RestartPolicy, what_is_older_than_the_window_counts_no_more) {
  RestartPolicy policy{2};
  EXPECT_EQ(policy.after_failure(start), 100ms);
  EXPECT_EQ(policy.after_failure(start + 1min), 200ms);
  EXPECT_EQ(policy.after_failure(start + RestartPolicy::window), 200ms);
  EXPECT_EQ(policy.after_failure(start + 3 * RestartPolicy::window), 100ms);
}

TEST(RestartPolicy, with_none_allowed_the_first_failure_is_too_many) {
  EXPECT_FALSE(RestartPolicy{0}.after_failure(start));
}

}  // namespace
}  // namespace hangar
