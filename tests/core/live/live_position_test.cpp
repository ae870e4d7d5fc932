#include "live/live_position.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

StreamInfo stream(std::uint64_t first, std::uint64_t last, const char* created = "today") {
  StreamInfo info;
  info.first_sequence = first;
  info.last_sequence = last;
  info.created = created;
  return info;
}

TEST(LivePosition, begins_behind_what_is_there_or_where_it_is_told_to) {
  LivePosition now{std::nullopt};
  EXPECT_EQ(now.aim(stream(1, 10)), 0U);
  EXPECT_EQ(now.next(), 11U);
  LivePosition fourth{4};
  EXPECT_EQ(fourth.aim(stream(1, 10)), 0U);
  EXPECT_EQ(fourth.next(), 4U);
  LivePosition gone{4};
  EXPECT_EQ(gone.aim(stream(7, 10)), 0U);
  EXPECT_EQ(gone.next(), 7U);
  LivePosition empty{std::nullopt};
  EXPECT_EQ(empty.aim(stream(0, 0)), 0U);
  EXPECT_EQ(empty.next(), 1U);
}

TEST(LivePosition, goes_on_where_it_was_and_sees_nothing_twice) {
  LivePosition position{1};
  position.aim(stream(1, 10));
  EXPECT_TRUE(position.arrived(1, 9));
  EXPECT_TRUE(position.arrived(3, 7));
  EXPECT_FALSE(position.arrived(3, 7));
  EXPECT_FALSE(position.arrived(2, 8));
  EXPECT_EQ(position.aim(stream(1, 20)), 0U);
  EXPECT_EQ(position.next(), 4U);
}

TEST(LivePosition, what_the_stream_dropped_unseen_is_counted) {
  LivePosition position{1};
  position.aim(stream(1, 10));
  EXPECT_TRUE(position.arrived(3, 7));
  EXPECT_EQ(position.aim(stream(9, 20)), 5U);
  EXPECT_EQ(position.next(), 9U);
}

TEST(LivePosition, another_stream_is_seen_from_its_beginning) {
  LivePosition position{1};
  position.aim(stream(1, 10));
  EXPECT_TRUE(position.arrived(10, 0));
  EXPECT_EQ(position.aim(stream(2, 30, "tomorrow")), 0U);
  EXPECT_EQ(position.next(), 2U);
  EXPECT_TRUE(position.arrived(30, 0));
  EXPECT_EQ(position.aim(stream(1, 5, "tomorrow")), 0U);  // its end was lost
  EXPECT_EQ(position.next(), 1U);
}

TEST(LivePosition, is_drained_at_the_end_that_was_seen_first_or_with_nothing_left_that_matches) {
  LivePosition now{std::nullopt};
  now.aim(stream(1, 10));
  now.pending(0);
  EXPECT_TRUE(now.drained());
  LivePosition all{1};
  all.aim(stream(1, 10));
  all.pending(3);
  EXPECT_FALSE(all.drained());
  EXPECT_TRUE(all.arrived(9, 1));
  EXPECT_FALSE(all.drained());
  EXPECT_TRUE(all.arrived(11, 40));
  EXPECT_TRUE(all.drained());
}

}  // namespace
}  // namespace hangar
