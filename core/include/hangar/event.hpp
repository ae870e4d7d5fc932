#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>

namespace hangar {

/// A flag that coroutines of one strand wait for; asyncio.Event's behaviour. Not thread-safe.
class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& executor)
      : timer_{executor, boost::asio::steady_timer::time_point::max()} {}

  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// Wakes every coroutine that waits.
  void set() {
    set_ = true;
    ++times_set_;
    timer_.cancel();
  }
  void clear() noexcept { set_ = false; }

  /// Returns once the flag is set; at once when it is.
  boost::asio::awaitable<void> wait() {
    while (!set_) co_await woken();
  }
  /// Returns at the next `set`, whatever the flag is now: for conditions that others change.
  boost::asio::awaitable<void> next() {
    const auto before = times_set_;
    while (times_set_ == before) co_await woken();
  }
  /// Returns whether the flag was set within the time.
  boost::asio::awaitable<bool> wait_for(std::chrono::milliseconds time) {
    using boost::asio::experimental::awaitable_operators::operator||;
    boost::asio::steady_timer deadline{timer_.get_executor(), time};
    if (!set_) co_await (wait() || deadline.async_wait(boost::asio::use_awaitable));
    co_return set_;
  }

 private:
  boost::asio::awaitable<void> woken() {
    // That the timer was cancelled is the good news; a cancelled coroutine throws at its next wait.
    // (as_tuple in the place of redirect_error crashes with Asio 1.81 and g++ 12.)
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }

  boost::asio::steady_timer timer_;
  std::uint64_t times_set_ = 0;
  bool set_ = false;
};

}  // namespace hangar
