#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

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
    timer_.cancel();
  }
  void clear() noexcept { set_ = false; }

  /// Returns once the flag is set; at once when it is.
  boost::asio::awaitable<void> wait() {
    while (!set_) {
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      if ((co_await boost::asio::this_coro::cancellation_state).cancelled() !=
          boost::asio::cancellation_type::none) {
        throw boost::system::system_error{boost::asio::error::operation_aborted};
      }
    }
  }

 private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace hangar
