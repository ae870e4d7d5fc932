#include "batch/lanes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace hangar::batch {
namespace {

TEST(Lanes, the_oldest_are_those_that_wait_for_no_other_in_flight) {
  Lanes lanes{2};
  const auto take = [&](std::uint64_t arrival) { lanes.assign({arrival, 0, 0}, arrival); };
  using Arrivals = std::vector<std::uint64_t>;
  EXPECT_EQ(lanes.oldest(Arrivals{7}), 1U) << "none is in flight";
  for (const std::uint64_t arrival : {7U, 8U, 9U, 12U, 13U}) take(arrival);
  for (const auto& [arrivals, oldest] :
       {std::pair{Arrivals{7, 8, 9, 12, 13}, 5U}, std::pair{Arrivals{7, 8, 12}, 2U},
        std::pair{Arrivals{8, 9}, 0U}, std::pair{Arrivals{7, 9, 12}, 1U},
        std::pair{Arrivals{3, 7, 8}, 3U}}) {
    EXPECT_EQ(lanes.oldest(arrivals), oldest);
  }
  lanes.step_aside(7);
  EXPECT_EQ(lanes.oldest(Arrivals{8, 9}), 2U);
  lanes.step_back(7);
  EXPECT_EQ(lanes.oldest(Arrivals{8, 9}), 0U);
}

TEST(Lanes, what_is_new_in_a_batch_goes_together_to_the_lane_with_the_fewest_items) {
  Lanes lanes{3};
  const auto assign = [&](std::uint64_t run) {
    return lanes.assign({run, run, 1000 + run}, run).value();
  };
  const auto batch = [&](std::uint64_t first, std::uint64_t last, std::size_t lane) {
    lanes.next_batch();
    for (std::uint64_t run = first; run <= last; ++run) EXPECT_EQ(assign(run), lane);
  };
  batch(1, 3, 0);
  batch(4, 5, 1);
  batch(6, 9, 2);
  batch(10, 11, 1);
  EXPECT_EQ(lanes.assign({6, 6, 2000}, 12), 2U)
      << "what shares a name with an item in flight goes to its lane";
  lanes.release({1, 1, 1001}, 1);
  batch(13, 14, 0);
}

TEST(Lanes, items_that_join_two_lanes_wait_until_one_of_them_is_free) {
  Lanes lanes{2};
  EXPECT_EQ(lanes.assign({1, 1, 1}, 1), 0U);
  lanes.next_batch();
  EXPECT_EQ(lanes.assign({2, 2, 2}, 2), 1U);
  EXPECT_EQ(lanes.assign({1, 2, 2}, 3), std::nullopt);
  lanes.release({1, 1, 1}, 1);
  EXPECT_EQ(lanes.assign({1, 2, 2}, 3), 1U);
}

}  // namespace
}  // namespace hangar::batch
