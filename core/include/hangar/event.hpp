#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>

namespace hangar {

/// So long after `start`, which is `start` itself for a time below zero, and the end of time where
/// nothing is so late.
inline std::chrono::steady_clock::time_point later(std::chrono::steady_clock::time_point start,
                                                   std::chrono::milliseconds time) {
  using Time = std::chrono::steady_clock::time_point;
  const auto longest = std::chrono::floor<std::chrono::milliseconds>(Time::max() - start);
  if (time >= longest) return Time::max();
  return start + std::max(time, std::chrono::milliseconds::zero());
}

/// What coroutines of one strand wait for until it changes, each no longer than it wants. Not
/// thread-safe. A coroutine may still wait when this is gone.
class Condition {
 public:
  using Time = boost::asio::steady_timer::time_point;

  explicit Condition(boost::asio::any_io_executor executor) : executor_{std::move(executor)} {}

  /// Returns at the next `wake_all`, or at `deadline`.
  boost::asio::awaitable<void> wait_until(Time deadline) {
    // The list outlives this object as long as a coroutine is in it.
    const auto timers = timers_;
    const Entry entry{*timers, timers->emplace(timers->end(), executor_, deadline)};
    // That the timer was cancelled is the good news; a cancelled coroutine throws at its next wait.
    // (as_tuple in the place of redirect_error crashes with Asio 1.81 and g++ 12.)
    boost::system::error_code ignored;
    co_await entry.timer->async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  boost::asio::awaitable<void> wait() { return wait_until(Time::max()); }

  void wake_all() {
    for (auto& timer : *timers_) timer.cancel();
  }

 private:
  using Timers = std::list<boost::asio::steady_timer>;
  struct Entry {
    Timers& timers;
    Timers::iterator timer;
    Entry(Timers& in, Timers::iterator at) : timers{in}, timer{at} {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { timers.erase(timer); }
  };

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
};

/// A flag that coroutines of one strand wait for; asyncio.Event's behaviour. Not thread-safe.
class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& executor) : changed_{executor} {}

  [[nodiscard]] bool is_set() const noexcept { return set_; }
  /// Wakes every coroutine that waits.
  void set() {
    set_ = true;
    ++times_set_;
    changed_.wake_all();
  }
  void clear() noexcept { set_ = false; }

  /// Returns once the flag is set; at once when it is.
  boost::asio::awaitable<void> wait() {
    while (!set_) co_await changed_.wait();
  }
  /// Returns at the next `set`, whatever the flag is now: for conditions that others change.
  boost::asio::awaitable<void> next() {
    const auto before = times_set_;
    while (times_set_ == before) co_await changed_.wait();
  }
  /// Returns whether the flag was set within the time.
  boost::asio::awaitable<bool> wait_for(std::chrono::milliseconds time) {
    const auto deadline = later(std::chrono::steady_clock::now(), time);
    while (!set_ && std::chrono::steady_clock::now() < deadline) {
      co_await changed_.wait_until(deadline);
    }
    co_return set_;
  }

 private:
  Condition changed_;
  std::uint64_t times_set_ = 0;
  bool set_ = false;
};

}  // namespace hangar
