#include "jetstream/consumer_lag.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hangar {
namespace {

ConsumerInfo consumer(std::string durable, std::uint64_t pending, std::uint64_t ack_pending) {
  ConsumerInfo info;
  info.durable = std::move(durable);
  info.pending = pending;
  info.ack_pending = ack_pending;
  return info;
}

std::vector<std::string> told(const std::vector<ConsumerInfo>& consumers) {
  std::vector<std::string> lines;
  for (const ConsumerLag& lag : lags_of("EVENTS", consumers)) {
    lines.push_back(
        fmt::format("{} {} {} {}", lag.stream, lag.consumer, lag.pending, lag.ack_pending));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ConsumerLag, each_durable_has_a_series_and_all_others_have_one) {
  EXPECT_EQ(told({}), Lines{});
  EXPECT_EQ(told({consumer("b", 2, 3), consumer("a", 1, 0)}),
            (Lines{"EVENTS a 1 0", "EVENTS b 2 3"}));
  EXPECT_EQ(told({consumer("", 5, 1), consumer("a", 1, 0), consumer("", 4, 7)}),
            (Lines{"EVENTS a 1 0", "EVENTS * 5 7"}));
}

TEST(ConsumerLag, durables_beyond_the_bound_are_with_the_others) {
  std::vector<ConsumerInfo> many;
  for (int number = 0; number < 120; ++number) {
    many.push_back(consumer(fmt::format("{:03}", number), static_cast<std::uint64_t>(number), 0));
  }
  const Lines lines = told(many);
  ASSERT_EQ(lines.size(), ConsumerLag::most_durables + 1);
  EXPECT_EQ(lines[99], "EVENTS 099 99 0");
  EXPECT_EQ(lines.back(), "EVENTS * 119 0");
}

}  // namespace
}  // namespace hangar
