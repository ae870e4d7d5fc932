#include "batch/adaptive_batch_size.hpp"

#include <gtest/gtest.h>

namespace hangar::batch {
namespace {

TEST(AdaptiveBatchSize, one_failure_changes_nothing) {
  AdaptiveBatchSize batch_size;
  batch_size.failed(1'000);
  EXPECT_EQ(batch_size.of(1'000), 1'000U);
}

TEST(AdaptiveBatchSize, from_the_second_failure_on_it_is_halved_down_to_one) {
  AdaptiveBatchSize batch_size;
  batch_size.failed(20);
  for (const std::size_t expected : {10U, 5U, 2U, 1U, 1U}) {
    batch_size.failed(batch_size.of(20));
    EXPECT_EQ(batch_size.of(20), expected);
  }
}

TEST(AdaptiveBatchSize, it_grows_again_with_each_success) {
  AdaptiveBatchSize batch_size;
  for (int i = 0; i < 10; ++i) batch_size.failed(batch_size.of(20));
  for (const std::size_t expected : {2U, 4U, 8U, 16U, 20U}) {
    batch_size.succeeded();
    EXPECT_EQ(batch_size.of(20), expected);
  }
  for (int i = 0; i < 100; ++i) batch_size.succeeded();
  EXPECT_EQ(batch_size.of(1'000'000), 1'000'000U);
}

TEST(AdaptiveBatchSize, after_a_success_one_failure_changes_nothing) {
  AdaptiveBatchSize batch_size;
  batch_size.failed(20);
  batch_size.succeeded();
  batch_size.failed(20);
  EXPECT_EQ(batch_size.of(20), 20U);
}

}  // namespace
}  // namespace hangar::batch
