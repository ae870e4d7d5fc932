#include "batch/batch_plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace hangar::batch {
namespace {

/// `0+8` is an attempt with the 8 items from the first on, `0+8*` one beside what is refused.
std::string shown(const std::optional<BatchPlan::Attempt>& attempt) {
  if (!attempt) return "done";
  return std::to_string(attempt->first) + "+" + std::to_string(attempt->count) +
         (attempt->beside_refused ? "*" : "");
}

/// What a plan of 8 items tries next, after the outcomes: so many are settled, or all that was
/// tried is refused, which is a 0.
struct Case {
  std::vector<std::size_t> outcomes;
  const char* next;
};

TEST(BatchPlan, each_outcome_tells_what_is_tried_next) {
  for (const auto& [outcomes, next] : std::vector<Case>{
           {{}, "0+8"},
           {{8}, "done"},
           {{3}, "3+5"},
           {{0}, "0+8*"},
           {{0, 8}, "done"},
           {{0, 3}, "3+5"},
           {{0, 3, 0}, "3+5*"},
           {{0, 0}, "0+4*"},
           {{0, 0, 4}, "4+4*"},
           {{0, 0, 2}, "2+2"},
           {{0, 0, 2, 2}, "4+4*"},
           {{0, 0, 0}, "0+2*"},
           {{0, 0, 0, 0}, "0+1*"},
           {{0, 0, 0, 0, 0}, "1+1*"},
           {{0, 0, 0, 0, 0, 1}, "2+2*"},
           {{0, 0, 0, 0, 0, 1, 2}, "4+4*"},
           {{0, 0, 0, 0, 0, 1, 2, 4}, "done"},
       }) {
    BatchPlan plan{8, false};
    for (const std::size_t outcome : outcomes) {
      const auto attempt = plan.next();
      ASSERT_TRUE(attempt);
      if (outcome == 0) {
        static_cast<void>(plan.refused(attempt->count));
      } else {
        plan.settled(outcome);
      }
    }
    EXPECT_EQ(shown(plan.next()), next) << ::testing::PrintToString(outcomes);
  }
}

TEST(BatchPlan, where_refusals_are_likely_it_begins_beside_them) {
  BatchPlan plan{3, true};
  EXPECT_EQ(shown(plan.next()), "0+3*");
  plan.settled(1);
  EXPECT_EQ(shown(plan.next()), "1+2");
  EXPECT_EQ(shown(BatchPlan(0, true).next()), "done");
}

TEST(BatchPlan, what_settles_nothing_is_tried_again_in_the_same_way) {
  BatchPlan plan{3, true};
  static_cast<void>(plan.next());
  plan.settled(0);
  EXPECT_EQ(shown(plan.next()), "0+3*");
}

/// COMMIT refuses every transaction with a bad item, and names none; a transaction takes at most
/// `most`.
TEST(BatchPlan, each_bad_item_is_found_alone_and_all_others_are_settled_in_order) {
  for (std::size_t most = 1; most <= 16; ++most) {
    for (unsigned bad = 0; bad < 1U << 10U; bad += 7) {
      BatchPlan plan{10, bad % 2 == 0};
      std::size_t reached = 0;
      while (const auto attempt = plan.next()) {
        ASSERT_EQ(attempt->first, reached);
        const std::size_t tried = std::min(attempt->count, most);
        const unsigned mask = ((1U << tried) - 1U) << reached;
        if ((bad & mask) == 0) {
          plan.settled(tried);
          reached += tried;
        } else if (plan.refused(tried)) {
          ASSERT_EQ(bad & mask, 1U << reached);
          ++reached;
        }
      }
      EXPECT_EQ(reached, 10U);
    }
  }
}

}  // namespace
}  // namespace hangar::batch
