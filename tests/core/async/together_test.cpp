#include "hangar/together.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/event.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

class Together : public testing::Test {
 protected:
  std::string failure_of(asio::awaitable<void> coroutine) {
    std::string said;
    bool ended = false;
    asio::co_spawn(io_, std::move(coroutine), [&](const std::exception_ptr& error) {
      ended = true;
      try {
        if (error) std::rethrow_exception(error);
      } catch (const ConfigError& wrong) {
        said = std::string{"ConfigError: "} + wrong.what();
      } catch (const std::exception& other) {
        said = other.what();
      }
    });
    io_.restart();
    io_.run();
    EXPECT_TRUE(ended);
    return said;
  }
  /// Waits until it is cancelled.
  asio::awaitable<void> wait() {
    struct Running {
      int& count;
      explicit Running(int& all) : count{all} { ++count; }
      Running(const Running&) = delete;
      Running& operator=(const Running&) = delete;
      ~Running() { --count; }
    };
    const Running run{running_};
    co_await never_.wait();
  }
  static asio::awaitable<void> refuse() {
    throw ConfigError{"a person must act"};
    co_return;
  }
  asio::awaitable<void> count() {
    ++counted_;
    co_return;
  }

  asio::io_context io_{1};
  Event never_{io_.get_executor()};
  int running_ = 0;
  int counted_ = 0;
};

TEST_F(Together, all_run_to_their_end) {
  EXPECT_EQ(failure_of(together(count(), count(), count())), "");
  EXPECT_EQ(counted_, 3);
  EXPECT_EQ(failure_of(together(count())), "");
  EXPECT_EQ(failure_of(together(std::vector<asio::awaitable<void>>{})), "");
  EXPECT_EQ(counted_, 4);
}

TEST_F(Together, what_failed_first_is_thrown_wherever_it_stands_when_the_others_have_ended) {
  EXPECT_EQ(failure_of(together(refuse(), wait())), "ConfigError: a person must act");
  EXPECT_EQ(failure_of(together(wait(), refuse())), "ConfigError: a person must act");
  EXPECT_EQ(failure_of(together(wait(), wait(), refuse(), wait())),
            "ConfigError: a person must act");
  EXPECT_EQ(running_, 0);
}

TEST_F(Together, within_one_another_they_tell_the_same) {
  EXPECT_EQ(failure_of(together(wait(), together(wait(), refuse()))),
            "ConfigError: a person must act");
}

}  // namespace
}  // namespace hangar
