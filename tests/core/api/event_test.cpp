#include "hangar/event.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

class Waiting : public testing::Test {
 protected:
  void spawn(asio::awaitable<void> waits) {
    asio::co_spawn(io_, std::move(waits), [this](const std::exception_ptr& failure) {
      EXPECT_EQ(failure, nullptr);
      ++ended_;
    });
    poll();
  }
  void poll() {
    io_.restart();
    io_.poll();
  }

  asio::io_context io_;
  int ended_ = 0;
};

TEST_F(Waiting, every_coroutine_that_waits_is_woken_and_a_later_one_is_not) {
  Condition condition{io_.get_executor()};
  spawn(condition.wait());
  spawn(condition.wait());
  EXPECT_EQ(ended_, 0);
  condition.wake_all();
  spawn(condition.wait());
  EXPECT_EQ(ended_, 2);
}

TEST_F(Waiting, nobody_waits_longer_than_the_deadline) {
  Condition condition{io_.get_executor()};
  spawn(condition.wait_until(std::chrono::steady_clock::now() + 1ms));
  io_.run();
  EXPECT_EQ(ended_, 1);
}

TEST_F(Waiting, a_coroutine_may_still_wait_when_the_condition_is_gone) {
  auto condition = std::make_unique<Condition>(io_.get_executor());
  spawn(condition->wait_until(std::chrono::steady_clock::now() + 1ms));
  condition.reset();
  io_.run();
  EXPECT_EQ(ended_, 1);
}

TEST_F(Waiting, a_flag_that_is_set_is_seen_at_once_and_else_within_the_time) {
  Event flag{io_.get_executor()};
  const auto looks = [&](std::chrono::milliseconds within, bool found) -> asio::awaitable<void> {
    EXPECT_EQ(co_await flag.wait_for(within), found);
  };
  spawn(looks(0ms, false));
  spawn(looks(1h, true));
  EXPECT_EQ(ended_, 1);
  flag.set();
  spawn(looks(0ms, true));
  EXPECT_EQ(ended_, 3);
}

TEST_F(Waiting, next_waits_for_another_set_though_the_flag_is_set) {
  Event flag{io_.get_executor()};
  flag.set();
  spawn(flag.wait());
  spawn(flag.next());
  EXPECT_EQ(ended_, 1);
  flag.set();
  poll();
  EXPECT_EQ(ended_, 2);
}

}  // namespace
}  // namespace hangar
