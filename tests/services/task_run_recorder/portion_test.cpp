#include "portion.hpp"

#include <gtest/gtest.h>

namespace hangar::recorder {
namespace {

TEST(Portion, one_failure_changes_nothing) {
  Portion portion;
  portion.failed(1'000);
  EXPECT_EQ(portion.of(1'000), 1'000U);
}

TEST(Portion, from_the_second_failure_on_it_is_halved_down_to_one) {
  Portion portion;
  portion.failed(20);
  for (const std::size_t expected : {10U, 5U, 2U, 1U, 1U}) {
    portion.failed(portion.of(20));
    EXPECT_EQ(portion.of(20), expected);
  }
}

TEST(Portion, it_grows_again_with_each_success) {
  Portion portion;
  for (int i = 0; i < 10; ++i) portion.failed(portion.of(20));
  for (const std::size_t expected : {2U, 4U, 8U, 16U, 20U}) {
    portion.succeeded();
    EXPECT_EQ(portion.of(20), expected);
  }
  for (int i = 0; i < 100; ++i) portion.succeeded();
  EXPECT_EQ(portion.of(1'000'000), 1'000'000U);
}

TEST(Portion, after_a_success_one_failure_changes_nothing) {
  Portion portion;
  portion.failed(20);
  portion.succeeded();
  portion.failed(20);
  EXPECT_EQ(portion.of(20), 20U);
}

}  // namespace
}  // namespace hangar::recorder
