#include "source/puller.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Time = Puller::Time;

class PullerTest : public testing::Test {
 protected:
  static constexpr Credit::Amount most{.messages = 100, .bytes = 1000};
  Credit credit{most};
  Puller puller{credit};
  Time now = Time{} + 1h;

  Puller::Pull must_pull() {
    const auto step = puller.step(now);
    EXPECT_TRUE(step.pull);
    return step.pull.value_or(Puller::Pull{});
  }
  void arrive(std::size_t count, std::uint64_t bytes = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      credit.arrived(bytes);
      puller.delivered(now);
    }
  }
  void release(std::size_t count, std::uint64_t bytes = 1) {
    for (std::size_t i = 0; i < count; ++i) credit.released(bytes);
  }
  [[nodiscard]] bool pulls() { return puller.step(now).pull.has_value(); }
};

TEST_F(PullerTest, nothing_is_pulled_before_the_stream_was_verified) {
  EXPECT_FALSE(pulls());
  puller.open(now);
  EXPECT_TRUE(pulls());
}

TEST_F(PullerTest, pull_asks_for_the_whole_free_credit) {
  puller.open(now);
  const auto pull = must_pull();
  EXPECT_EQ(pull.messages, 100U);
  EXPECT_EQ(pull.bytes, 1000U);
  EXPECT_EQ(pull.expires, 5s);
  EXPECT_EQ(pull.heartbeat, 1s);
}

TEST_F(PullerTest, server_is_sent_nanoseconds_and_no_limit_of_bytes_where_there_is_none) {
  Puller::Pull pull{.messages = 7, .bytes = 1000, .expires = 5s, .heartbeat = 500ms};
  EXPECT_EQ(pull.request(),
            R"({"batch":7,"expires":5000000000,"idle_heartbeat":500000000,"max_bytes":1000})");
  pull.bytes = 0;
  EXPECT_EQ(pull.request(), R"({"batch":7,"expires":5000000000,"idle_heartbeat":500000000})");
}

TEST_F(PullerTest, nothing_is_pulled_while_paused) {
  puller.open(now);
  puller.pause(true);
  EXPECT_FALSE(pulls());
  EXPECT_TRUE(puller.exhausted());
  puller.pause(false);
  EXPECT_EQ(must_pull().messages, 100U);
}

TEST_F(PullerTest, one_pull_lives_at_a_time) {
  puller.open(now);
  must_pull();
  arrive(99);
  EXPECT_FALSE(pulls());
}

TEST_F(PullerTest, used_up_pull_is_followed_when_a_quarter_of_the_credit_is_free) {
  puller.open(now);
  must_pull();
  arrive(100);
  EXPECT_FALSE(pulls());
  EXPECT_TRUE(puller.exhausted());
  release(24);
  EXPECT_FALSE(pulls());
  release(1);
  EXPECT_FALSE(puller.exhausted());
  EXPECT_EQ(must_pull().messages, 25U);
}

TEST_F(PullerTest, bytes_bound_a_pull_as_messages_do) {
  puller.open(now);
  const auto first = must_pull();
  arrive(4, 200);
  puller.said(first.token, PullStatus::message_too_big, now);
  EXPECT_FALSE(pulls()) << "less than a quarter of the bytes is free";
  release(1, 200);
  EXPECT_EQ(must_pull().bytes, 400U);
}

TEST_F(PullerTest, lighter_messages_make_room_for_a_pull) {
  puller.open(now);
  const auto first = must_pull();
  arrive(4, 250);
  puller.said(first.token, PullStatus::message_too_big, now);
  EXPECT_TRUE(puller.exhausted());
  credit.weighs(250, 300);
  credit.weighs(250, 100);
  EXPECT_FALSE(pulls()) << "less than a quarter of the bytes is free";
  credit.weighs(250, 50);
  EXPECT_EQ(must_pull().bytes, 300U);
}

TEST_F(PullerTest, message_larger_than_the_credit_comes_alone_when_nothing_is_held) {
  puller.open(now);
  auto pull = must_pull();
  arrive(1, 100);
  puller.said(pull.token, PullStatus::ended, now);
  pull = must_pull();
  puller.said(pull.token, PullStatus::message_too_big, now);
  EXPECT_FALSE(pulls()) << "asking again changes nothing before something is released";
  release(1, 100);
  pull = must_pull();
  EXPECT_EQ(pull.bytes, 1000U);
  puller.said(pull.token, PullStatus::message_too_big, now);
  pull = must_pull();
  EXPECT_EQ(pull.bytes, 0U);
  EXPECT_EQ(pull.messages, 1U);
  arrive(1, 5000);
  EXPECT_FALSE(pulls());
  release(1, 5000);
  EXPECT_EQ(must_pull().bytes, 1000U) << "only that one message goes without a cap";
}

TEST_F(PullerTest, late_status_of_an_old_pull_is_ignored) {
  puller.open(now);
  const auto old = must_pull();
  EXPECT_TRUE(puller.said(old.token, PullStatus::ended, now));
  now += 1s;
  const auto live = must_pull();
  EXPECT_NE(live.token, old.token);
  for (const auto status : {PullStatus::ended, PullStatus::consumer_gone, PullStatus::heartbeat}) {
    EXPECT_FALSE(puller.said(old.token, status, now));
  }
  EXPECT_FALSE(pulls()) << "the live pull still lives";
  EXPECT_FALSE(puller.step(now).verify);
}

TEST_F(PullerTest, two_missed_heartbeats_end_the_pull_and_ask_for_a_look_at_the_stream) {
  puller.open(now);
  const auto pull = must_pull();
  now += 2s;
  auto step = puller.step(now);
  EXPECT_FALSE(step.verify);
  EXPECT_EQ(step.wake, now + 500ms);
  now = step.wake;
  step = puller.step(now);
  EXPECT_TRUE(step.verify);
  EXPECT_FALSE(step.pull);
  EXPECT_FALSE(puller.step(now).verify) << "asked for once";
  puller.open(now);
  EXPECT_NE(must_pull().token, pull.token);
}

TEST_F(PullerTest, heartbeats_and_messages_keep_a_pull_alive) {
  puller.open(now);
  const auto pull = must_pull();
  for (int i = 0; i < 5; ++i) {
    now += 2s;
    puller.said(pull.token, PullStatus::heartbeat, now);
    now += 2s;
    arrive(1);
    EXPECT_FALSE(puller.step(now).verify);
  }
}

TEST_F(PullerTest, change_of_leadership_is_followed_by_a_look_and_a_pull_within_50_ms) {
  puller.open(now);
  const auto pull = must_pull();
  puller.said(pull.token, PullStatus::leadership_changed, now);
  EXPECT_TRUE(puller.step(now).verify);
  puller.open(now);
  EXPECT_EQ(puller.step(now).wake, now + 50ms);
  now += 50ms;
  EXPECT_TRUE(pulls());
}

TEST_F(PullerTest, pulls_that_fail_at_once_are_sent_ever_more_rarely_up_to_5_s) {
  for (const auto status : {PullStatus::no_responders, PullStatus::unknown, PullStatus::refused}) {
    Puller failing{credit};
    failing.open(now);
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < 8; ++i) {
      auto step = failing.step(now);
      ASSERT_TRUE(step.pull);
      failing.said(step.pull->token, status, now);
      (void)failing.step(now);
      failing.open(now);
      step = failing.step(now);
      ASSERT_FALSE(step.pull);
      waits.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(step.wake - now));
      now = step.wake;
    }
    EXPECT_EQ(waits.front(), 250ms);
    EXPECT_EQ(waits[1], 500ms);
    EXPECT_EQ(waits.back(), 5s);
  }
}

TEST_F(PullerTest, pull_that_ends_after_its_time_is_followed_at_once) {
  puller.open(now);
  const auto pull = must_pull();
  now += 5s;
  puller.said(pull.token, PullStatus::ended, now);
  EXPECT_TRUE(pulls());
}

TEST_F(PullerTest, too_many_waiting_pulls_are_met_with_a_pause_of_a_second_or_more) {
  puller.open(now);
  const auto pull = must_pull();
  puller.said(pull.token, PullStatus::too_many_waiting, now);
  EXPECT_EQ(puller.step(now).wake, now + 1s);
}

TEST_F(PullerTest, pull_shrinks_until_the_consumer_takes_it) {
  puller.open(now);
  auto pull = must_pull();
  for (const std::size_t wanted : {50U, 25U, 12U}) {
    puller.said(pull.token, PullStatus::over_request_batch, now);
    pull = must_pull();
    EXPECT_EQ(pull.messages, wanted);
  }
  puller.said(pull.token, PullStatus::over_request_expiry, now);
  pull = must_pull();
  EXPECT_EQ(pull.expires, 2500ms);
  for (int i = 0; i < 2; ++i) {
    puller.said(pull.token, PullStatus::over_request_expiry, now);
    pull = must_pull();
  }
  EXPECT_EQ(pull.expires, 625ms);
  EXPECT_LE(pull.heartbeat, pull.expires / 2) << "the server refuses more";
}

TEST_F(PullerTest, copy_of_a_held_message_uses_the_pull_and_not_the_credit) {
  puller.open(now);
  must_pull();
  arrive(10);
  for (int i = 0; i < 90; ++i) puller.delivered(now);
  EXPECT_EQ(must_pull().messages, 90U);
}

TEST_F(PullerTest, nothing_is_pulled_after_shut_until_open_and_what_is_held_still_counts) {
  puller.open(now);
  must_pull();
  arrive(60);
  puller.shut();
  EXPECT_FALSE(pulls());
  EXPECT_EQ(puller.step(now).wake, Time::max());
  puller.open(now);
  EXPECT_EQ(must_pull().messages, 40U);
}

// What a server may do, in any order: at no time is more held and asked for than the credit.
TEST_F(PullerTest, credit_is_never_exceeded_whatever_happens) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    Credit counted{most};
    Puller tested{counted};
    tested.open(now);
    std::optional<Puller::Pull> live;
    std::size_t asked = 0;
    std::vector<std::uint64_t> held;
    for (int i = 0; i < 2000; ++i) {
      const auto dice = random() % 10;
      if (dice < 6 && live && asked > 0) {
        held.push_back(1 + random() % 20);
        counted.arrived(held.back());
        tested.delivered(now);
        if (--asked == 0) live.reset();
      } else if (dice == 6 && !held.empty()) {
        const std::uint64_t before = std::exchange(held.back(), 1 + random() % 40);
        counted.weighs(before, held.back());
      } else if (dice < 8 && !held.empty()) {
        counted.released(held.back());
        held.pop_back();
      } else if (dice == 8 && live) {
        now += 200ms;
        tested.said(live->token, random() % 2 != 0 ? PullStatus::ended : PullStatus::heartbeat,
                    now);
        live.reset();
      } else if (dice == 9) {
        now += 3s;
      }
      const auto step = tested.step(now);
      if (step.verify) {
        live.reset();
        asked = 0;
        tested.open(now);
      }
      if (step.pull) {
        live = step.pull;
        asked = step.pull->messages;
        ASSERT_LE(held.size() + asked, most.messages) << "seed " << seed;
        ASSERT_EQ(counted.held().bytes,
                  std::accumulate(held.begin(), held.end(), std::uint64_t{0}));
        ASSERT_LE(counted.held().bytes + step.pull->bytes, most.bytes) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace hangar
