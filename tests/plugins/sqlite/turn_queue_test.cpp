#include "turn_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hangar::sqlite {
namespace {

using namespace std::chrono_literals;

TEST(TurnQueue, lets_one_at_a_time_through) {
  TurnQueue turns;
  std::atomic<int> inside = 0;
  int rounds = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(turns.enter(20s));
        EXPECT_EQ(++inside, 1);
        ++rounds;
        --inside;
        turns.leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(rounds, 800);
}

TEST(TurnQueue, nobody_waits_longer_than_their_patience) {
  TurnQueue turns;
  ASSERT_TRUE(turns.enter(0ms));
  EXPECT_FALSE(turns.enter(1ms));
  turns.leave();
  // Who gave up does not keep the next one out.
  EXPECT_TRUE(turns.enter(0ms));
}

TEST(TurnQueue, turns_come_in_the_order_of_arrival) {
  TurnQueue turns;
  ASSERT_TRUE(turns.enter(20s));
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      ASSERT_TRUE(turns.enter(20s));
      order.push_back(i);
      turns.leave();
    });
    while (turns.waiting() != static_cast<std::size_t>(i) + 1) std::this_thread::yield();
  }
  turns.leave();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace hangar::sqlite
