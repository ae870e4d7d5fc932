#include "source/dead_letter_quota.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

TEST(DeadLetterQuota, messages_and_bytes_are_bounded) {
  DeadLetterQuota quota{3, 100};
  quota.add(40);
  quota.add(40);
  EXPECT_TRUE(quota.has_room(20));
  EXPECT_FALSE(quota.has_room(21));
  quota.add(1);
  EXPECT_FALSE(quota.has_room(1));
  quota.remove(40);
  EXPECT_TRUE(quota.has_room(1));
  EXPECT_EQ(quota.waiting(), 2U);
}

TEST(DeadLetterQuota, first_message_may_wait_however_large_it_is) {
  DeadLetterQuota quota{1, 100};
  EXPECT_TRUE(quota.has_room(5000));
  quota.add(5000);
  EXPECT_FALSE(quota.has_room(0));
}

TEST(DeadLetterQuota, smaller_consumer_allows_fewer_and_those_that_wait_stay) {
  DeadLetterQuota quota{10, 100};
  for (int i = 0; i < 4; ++i) quota.add(1);
  quota.allow(2);
  EXPECT_FALSE(quota.has_room(1));
  EXPECT_EQ(quota.waiting(), 4U);
}

TEST(DeadLetterQuota, stuck_while_somebody_waits_for_room_and_storing_fails) {
  DeadLetterQuota quota{1, 100};
  quota.add(1);
  quota.queue();
  EXPECT_FALSE(quota.stuck()) << "the first attempt may succeed";
  quota.attempted(false);
  EXPECT_TRUE(quota.stuck());
  quota.leave_queue();
  EXPECT_FALSE(quota.stuck());
  quota.queue();
  quota.attempted(true);
  EXPECT_FALSE(quota.stuck());
}

}  // namespace
}  // namespace hangar
