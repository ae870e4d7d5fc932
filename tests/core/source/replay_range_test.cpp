#include "source/replay_range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

using namespace std::chrono_literals;

StreamInfo stream_of(std::uint64_t first, std::uint64_t last) {
  StreamInfo stream;
  stream.name = std::string{"S"};
  stream.first_sequence = first;
  stream.last_sequence = last;
  return stream;
}

ConsumerInfo consumer_of(std::uint64_t ack_floor, std::uint64_t pending,
                         std::uint64_t ack_pending) {
  ConsumerInfo consumer;
  consumer.ack_floor = ack_floor;
  consumer.pending = pending;
  consumer.ack_pending = ack_pending;
  return consumer;
}

StreamStart from(std::uint64_t sequence) { return {.since = {}, .sequence = sequence}; }
StreamStart since(std::chrono::seconds time) {
  return {.since = std::chrono::sys_time<std::chrono::nanoseconds>{time}};
}

TEST(ReplayRange, ordinary_source_has_no_end_and_leaves_nothing_out) {
  const ReplayRange range{std::nullopt};
  EXPECT_FALSE(range.has_end());
  EXPECT_FALSE(range.leaves_out(7));
  EXPECT_FALSE(range.settled_by(consumer_of(9, 0, 0)));
  EXPECT_EQ(range.missing(stream_of(5, 9), 0), "");
}

TEST(ReplayRange, until_drained_ends_where_the_stream_ended_and_takes_what_comes_later) {
  ReplayRange range{std::nullopt};
  EXPECT_EQ(range.aim(stream_of(1, 10), consumer_of(4, 6, 0)), 6U);
  EXPECT_EQ(range.aim(stream_of(1, 20), consumer_of(4, 16, 0)), 10U) << "the end stays";
  EXPECT_FALSE(range.leaves_out(15));
  EXPECT_FALSE(range.settled_by(consumer_of(9, 1, 0)));
  EXPECT_FALSE(range.settled_by(consumer_of(9, 0, 1)));
  EXPECT_TRUE(range.settled_by(consumer_of(10, 5, 5)));
  EXPECT_TRUE(range.settled_by(consumer_of(9, 0, 0))) << "the last one is of another subject";
}

TEST(ReplayRange, replay_passes_over_what_came_later_and_what_was_dead_lettered) {
  ReplayRange range{from(1), {3, 5}};
  range.aim(stream_of(1, 6), consumer_of(0, 6, 0));
  std::string left_out;
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence) {
    if (range.leaves_out(sequence)) left_out += std::to_string(sequence);
  }
  EXPECT_EQ(left_out, "3578");
}

TEST(ReplayRange, dry_run_ends_where_the_consumer_that_records_has_settled_everything) {
  ReplayRange range{from(1)};
  EXPECT_EQ(range.aim_at_settled(stream_of(1, 10), consumer_of(6, 2, 2)), 4U);
  EXPECT_TRUE(range.leaves_out(7));
  EXPECT_FALSE(range.leaves_out(6));
  EXPECT_EQ(range.aim(stream_of(1, 12), consumer_of(0, 12, 0)), 6U);
  EXPECT_EQ(range.aim_at_settled(stream_of(1, 10), consumer_of(6, 0, 0)), 0U);
  EXPECT_EQ(range.aim_at_settled(stream_of(1, 10), std::nullopt), 0U) << "somebody else records";
}

TEST(ReplayRange, stream_that_is_empty_or_begins_behind_the_end_has_nothing_to_replay) {
  ReplayRange range{from(1)};
  EXPECT_EQ(range.aim(stream_of(11, 10), consumer_of(0, 5, 0)), 0U);
}

TEST(ReplayRange, start_that_the_stream_does_not_hold_is_told) {
  struct {
    StreamStart start;
    StreamInfo stream;
    std::uint64_t first_stored;
    std::string told;
  } const cases[] = {
      {from(1), stream_of(1, 9), 0, ""},
      {from(5), stream_of(5, 9), 0, ""},
      {from(1), stream_of(0, 0), 0, "stream S ends at 0: there is nothing from 1 on"},
      {from(10), stream_of(5, 9), 0, "stream S ends at 9: there is nothing from 10 on"},
      {from(4), stream_of(5, 9), 0, "stream S begins at 5: what was published before"},
      {since(100s), stream_of(5, 9), 100, ""},
      {since(99s), stream_of(1, 9), 100, ""},
      {since(99s), stream_of(5, 9), 100,
       "stream S begins at 5, stored 1970-01-01T00:01:40.000000Z: "},
  };
  for (const auto& one : cases) {
    const std::string told = ReplayRange{one.start}.missing(one.stream, one.first_stored);
    EXPECT_TRUE(told.starts_with(one.told)) << told << " instead of " << one.told;
    EXPECT_EQ(told.empty(), one.told.empty()) << told;
  }
}

}  // namespace
}  // namespace hangar
