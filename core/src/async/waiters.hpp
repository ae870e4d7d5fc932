#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <memory>
#include <utility>

namespace hangar {

/// Coroutines of one strand that wait for a change, each no longer than it wants.
class Waiters {
 public:
  using Time = boost::asio::steady_timer::time_point;

  explicit Waiters(boost::asio::any_io_executor executor) : executor_{std::move(executor)} {}

  /// Returns at the next `wake_all`, or at `deadline`.
  boost::asio::awaitable<void> wait_until(Time deadline) {
    // The list outlives this object as long as a coroutine is in it.
    const auto timers = timers_;
    const Entry entry{*timers, timers->emplace(timers->end(), executor_, deadline)};
    co_await entry.timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

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

}  // namespace hangar
