#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using namespace std::chrono_literals;

TEST(Progress, a_rate_over_an_instant_is_none) {
  EXPECT_FALSE(rate_of(2'260, 0ns));
  EXPECT_FALSE(rate_of(2'260, 999ms));
  EXPECT_EQ(rate_of(2'260, 1s), 2'260U);
  EXPECT_EQ(rate_of(2'261, 2s), 1'130U);
  EXPECT_EQ(rate_of(0, 10s), 0U);
}

}  // namespace
}  // namespace hangar
