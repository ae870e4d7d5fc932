#include "async/backoff.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;

std::vector<std::int64_t> waits(Backoff& backoff, std::size_t count) {
  std::vector<std::int64_t> all;
  while (all.size() < count) all.push_back(backoff.next().count());
  return all;
}

using Waits = std::vector<std::int64_t>;

TEST(Backoff, each_wait_is_twice_the_one_before_up_to_the_longest) {
  Backoff usual;
  EXPECT_EQ(waits(usual, 7), (Waits{250, 500, 1000, 2000, 4000, 5000, 5000}));
  Backoff brief{2ms, 100ms};
  EXPECT_EQ(waits(brief, 8), (Waits{2, 4, 8, 16, 32, 64, 100, 100}));
}

TEST(Backoff, what_did_well_begins_anew) {
  Backoff backoff;
  waits(backoff, 5);
  backoff.reset();
  EXPECT_EQ(waits(backoff, 2), (Waits{250, 500}));
}

TEST(Backoff, least_wait_lengthens_and_never_shortens) {
  Backoff backoff;
  backoff.at_least(1000ms);
  EXPECT_EQ(waits(backoff, 2), (Waits{1000, 2000}));
  backoff.at_least(1000ms);
  EXPECT_EQ(waits(backoff, 1), (Waits{4000}));
}

}  // namespace
}  // namespace hangar
