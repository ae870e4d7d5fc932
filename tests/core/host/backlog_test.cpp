#include "host/backlog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hangar {
namespace {

using std::chrono::seconds;

const Backlog::Clock::time_point start{};

TEST(Backlog, a_line_in_five_seconds_says_how_much_is_done_and_how_long_the_rest_takes) {
  Backlog backlog;
  EXPECT_FALSE(backlog.look("recorder", {0, 100'000, 300}, start));
  EXPECT_FALSE(backlog.look("recorder", {20'000, 80'000, 290}, start + seconds{4}));
  EXPECT_EQ(backlog.look("recorder", {50'000, 50'000, 90}, start + seconds{5}),
            "recorder: 50000 events settled in 5 s (10000/s), 50000 wait in the stream, lag 90 s, "
            "about 5 s to go");
  EXPECT_FALSE(backlog.look("recorder", {60'000, 40'000, 90}, start + seconds{9}));
  EXPECT_EQ(backlog.look("recorder", {50'500, 2'000'000, 300}, start + seconds{10}),
            "recorder: 500 events settled in 5 s (100/s), 2000000 wait in the stream, lag 5 min, "
            "about 6 h to go");
}

TEST(Backlog, nothing_is_said_while_idle_or_while_everything_is_done_at_once) {
  Backlog backlog;
  for (int tick = 0; tick < 100; ++tick) {
    const auto now = start + seconds{tick * 10};
    EXPECT_FALSE(backlog.look("idle", {7, 0, 0}, now));
    EXPECT_FALSE(backlog.look("live", {static_cast<std::uint64_t>(tick) * 10'000, 900, 1}, now));
  }
}

TEST(Backlog, what_does_not_move_is_said_without_a_time) {
  Backlog backlog;
  EXPECT_FALSE(backlog.look("recorder", {5, 10, 0}, start));
  EXPECT_EQ(backlog.look("recorder", {5, 10, 5}, start + seconds{5}),
            "recorder: 0 events settled in 5 s (0/s), 10 wait in the stream, lag 5 s");
}

TEST(Backlog, the_totals_are_of_the_sources_that_got_messages_and_of_the_whole_time) {
  Backlog backlog;
  Snapshot seen;
  seen.services.resize(1);
  auto& sources = seen.services[0].sources;
  sources.resize(2);
  sources[0].title = "recorder";
  sources[1].title = "idle";
  EXPECT_TRUE(backlog.look(seen, start).empty());
  EXPECT_TRUE(backlog.totals(seen, start).empty());
  sources[0].received = 110;
  sources[0].acked = 90;
  sources[0].rejected = 10;
  sources[0].pending = 3;
  EXPECT_EQ(backlog.totals(seen, start + seconds{50}),
            std::vector<std::string>{"recorder: 100 events settled in 50 s (2/s), 10 of them dead "
                                     "letters; 3 wait in the stream"});
  EXPECT_EQ(backlog.totals(seen, start),
            std::vector<std::string>{"recorder: 100 events settled in 0 s, 10 of them dead "
                                     "letters; 3 wait in the stream"});
}

}  // namespace
}  // namespace hangar
