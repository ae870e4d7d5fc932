#include "lease/lease_term.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Time = LeaseTerm::Clock::time_point;

const Time start{1000h};

LeaseTerm term(std::chrono::milliseconds period = 3s) { return {"this", period}; }

TEST(LeaseTerm, is_as_long_as_the_period_within_bounds_and_is_looked_at_three_times) {
  EXPECT_EQ(term(1ms).length(), 1s);
  EXPECT_EQ(term(3s).length(), 3s);
  EXPECT_EQ(term(1h).length(), 30s);
  EXPECT_EQ(term(3s).round(), 1s);
}

TEST(LeaseTerm, what_nobody_or_this_host_holds_may_be_written) {
  LeaseTerm tested = term();
  EXPECT_TRUE(tested.may_write({}, start));
  EXPECT_TRUE(tested.may_write({.sequence = 7}, start)) << "given back";
  EXPECT_TRUE(tested.may_write({.sequence = 7, .holder = "this"}, start));
  EXPECT_FALSE(tested.may_write({.sequence = 7, .holder = "other"}, start));
  EXPECT_FALSE(tested.held_at(start));
}

TEST(LeaseTerm, is_held_from_the_write_for_its_length_counted_from_when_that_was_sent) {
  LeaseTerm tested = term();
  EXPECT_FALSE(tested.held_at(start)) << "before any";
  tested.written(1, start);
  EXPECT_TRUE(tested.held_at(start + 2999ms));
  EXPECT_FALSE(tested.held_at(start + 3s));
  tested.written(2, start + 2s);
  EXPECT_TRUE(tested.held_at(start + 4s));
  EXPECT_EQ(tested.sequence(), 2U);
}

TEST(LeaseTerm, ends_at_once_when_another_host_is_found_in_it) {
  LeaseTerm tested = term();
  tested.written(1, start);
  EXPECT_FALSE(tested.may_write({.sequence = 2, .holder = "other"}, start + 1s));
  EXPECT_FALSE(tested.held_at(start + 1s));
}

TEST(LeaseTerm, another_hosts_is_over_when_its_entry_was_seen_for_the_length_without_a_change) {
  LeaseTerm tested = term();
  EXPECT_FALSE(tested.may_write({.sequence = 4, .holder = "other"}, start));
  EXPECT_FALSE(tested.may_write({.sequence = 4, .holder = "other"}, start + 2s));
  // It was written again: from the start.
  EXPECT_FALSE(tested.may_write({.sequence = 5, .holder = "other"}, start + 3s));
  EXPECT_FALSE(tested.may_write({.sequence = 5, .holder = "other"}, start + 5s));
  EXPECT_TRUE(tested.may_write({.sequence = 5, .holder = "other"}, start + 6s));
  // The same numbers may come again in a stream that was made anew.
  tested.written(6, start + 6s);
  EXPECT_FALSE(tested.may_write({.sequence = 5, .holder = "other"}, start + 9s));
}

// Each host has a clock of its own, which may be hours from the others'; only their rates agree.
TEST(LeaseTerm, two_hosts_never_hold_it_at_once_whatever_their_clocks_show) {
  LeaseTerm one{"one", 3s};
  LeaseTerm two{"two", 3s};
  const auto ahead = 5h;  // of `two`
  LeaseEntry stored;
  std::uint64_t last = 0;
  const auto round = [&](LeaseTerm& term, Time now) {
    if (!term.may_write(stored, now)) return;
    stored = {.sequence = ++last, .holder = term.host()};
    term.written(last, now);
  };
  bool two_held = false;
  for (auto at = start; at < start + 60s; at += 500ms) {
    const bool one_is_dead = at >= start + 20s;  // Its last words stay.
    if (!one_is_dead) round(one, at);
    round(two, at + ahead);
    EXPECT_FALSE(one.held_at(at) && two.held_at(at + ahead));
    const bool held = two.held_at(at + ahead);
    if (held && !two_held) {
      EXPECT_LE(at, start + 20s + two.length() + two.round());
    }
    two_held = held;
  }
  EXPECT_TRUE(two_held);
}

}  // namespace
}  // namespace hangar
