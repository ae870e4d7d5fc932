#include "storage/retry_delay.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using Retry = TransientError::Retry;
using std::chrono::milliseconds;

TEST(retry_delay, lost_race_is_tried_again_at_once_five_times) {
  for (const auto retry : {Retry::at_once, Retry::conflict}) {
    for (std::size_t failures = 1; failures <= 5; ++failures) {
      EXPECT_EQ(retry_delay(retry, failures, 0.99), milliseconds{0});
    }
    EXPECT_GT(retry_delay(retry, 6, 0), milliseconds{0});
  }
}

TEST(retry_delay, doubles_from_50_ms_to_5_s_and_never_beyond) {
  for (const auto retry : {Retry::backoff, Retry::reconnect, Retry::unknown}) {
    EXPECT_EQ(retry_delay(retry, 1, 0), milliseconds{25});
    EXPECT_EQ(retry_delay(retry, 2, 0), milliseconds{50});
    EXPECT_EQ(retry_delay(retry, 3, 0), milliseconds{100});
    for (const std::size_t failures : {8U, 20U, 1'000'000U}) {
      EXPECT_EQ(retry_delay(retry, failures, 0), milliseconds{2'500});
      EXPECT_LE(retry_delay(retry, failures, 0.999), milliseconds{5'000});
    }
  }
}

TEST(retry_delay, refusal_as_a_whole_waits_long_from_the_first_time) {
  EXPECT_EQ(retry_delay(Retry::when_answerable, 1, 0), milliseconds{2'500});
}

}  // namespace
}  // namespace hangar
