#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "hangar/event.hpp"
#include "hangar/log.hpp"

namespace hangar {

/// Hears SIGTERM, SIGINT, SIGHUP and the two that users define while it lives, on a thread of its
/// own: also a service that never gives the event loop back cannot keep the process from ending.
class Signals {
 public:
  /// At the first SIGTERM or SIGINT `drain` is called, on that thread, and at each SIGHUP `reload`.
  /// The process ends with 75 when this object still lives `drain_timeout` later, with 128 and the
  /// signal's number at a second one. SIGUSR1 and SIGUSR2 change nothing and are logged.
  Signals(Log& log, std::chrono::milliseconds drain_timeout, std::function<void()> drain,
          std::function<void()> reload);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// Begins without a signal; the first one changes nothing then. Thread-safe.
  void begin();

 private:
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<int> next_signal();

  Log& log_;
  std::chrono::milliseconds drain_timeout_;
  std::function<void()> drain_;
  std::function<void()> reload_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_};
  Event begun_{io_.get_executor()};
  std::thread thread_;
};

}  // namespace hangar
