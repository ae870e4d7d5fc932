#include "host/backlog.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

using std::chrono::seconds;

const Backlog::Clock::time_point start{};

TEST(Backlog, a_line_in_ten_seconds_says_how_much_is_done_and_how_long_the_rest_takes) {
  Backlog backlog;
  EXPECT_FALSE(backlog.look("recorder", 0, 100'000, start));
  EXPECT_FALSE(backlog.look("recorder", 40'000, 60'000, start + seconds{9}));
  EXPECT_EQ(backlog.look("recorder", 50'000, 50'000, start + seconds{10}),
            "recorder: 50000 events settled in 10 s (5000/s), 50000 wait in the stream, about 10 s "
            "to go");
  EXPECT_FALSE(backlog.look("recorder", 60'000, 40'000, start + seconds{19}));
  EXPECT_EQ(backlog.look("recorder", 51'000, 2'000'000, start + seconds{20}),
            "recorder: 1000 events settled in 10 s (100/s), 2000000 wait in the stream, about 6 h "
            "to go");
}

TEST(Backlog, nothing_is_said_while_idle_or_while_everything_is_done_at_once) {
  Backlog backlog;
  for (int tick = 0; tick < 100; ++tick) {
    const auto now = start + seconds{tick * 10};
    EXPECT_FALSE(backlog.look("idle", 7, 0, now));
    EXPECT_FALSE(backlog.look("live", static_cast<std::uint64_t>(tick) * 10'000, 900, now));
  }
}

TEST(Backlog, what_does_not_move_is_said_without_a_time) {
  Backlog backlog;
  EXPECT_FALSE(backlog.look("recorder", 5, 10, start));
  EXPECT_EQ(backlog.look("recorder", 5, 10, start + seconds{10}),
            "recorder: 0 events settled in 10 s (0/s), 10 wait in the stream");
}

}  // namespace
}  // namespace hangar
