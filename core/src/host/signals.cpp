#include "host/signals.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "api/exit_code.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

constexpr int exit_by_signal = 128;

}  // namespace

Signals::Signals(Log& log, std::chrono::milliseconds drain_timeout, std::function<void()> drain,
                 std::function<void()> reload)
    : log_{log},
      drain_timeout_{drain_timeout},
      drain_{std::move(drain)},
      reload_{std::move(reload)} {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(number);
  asio::co_spawn(io_, watch(), asio::detached);
  thread_ = std::thread{[this] { io_.run(); }};
}

Signals::~Signals() {
  io_.stop();
  thread_.join();
}

void Signals::begin() {
  asio::post(io_, [this] { begun_.set(); });
}

asio::awaitable<int> Signals::next_signal() {
  while (true) {
    const int heard = co_await signals_.async_wait(asio::use_awaitable);
    if (heard == SIGTERM || heard == SIGINT) co_return heard;
    if (heard == SIGHUP) {
      reload_();
    } else {
      // Other servers open their log files again, or print what they do.
      log_.info("{}: nothing to do; the log is standard error, and admin.listen tells the state",
                heard == SIGUSR1 ? "SIGUSR1" : "SIGUSR2");
    }
  }
}

// Ends the process without any clean-up: what would be cleaned up may be what does not end.
asio::awaitable<void> Signals::watch() {
  using asio::experimental::awaitable_operators::operator||;
  const auto first = co_await (next_signal() || begun_.wait());
  std::string_view why = "the process ends";
  if (first.index() == 0) why = std::get<0>(first) == SIGINT ? "SIGINT" : "SIGTERM";
  log_.info("{}: finishing what is held, within {} s", why,
            std::chrono::duration<double>(drain_timeout_).count());
  drain_();
  asio::steady_timer deadline{io_, drain_timeout_};
  // One signal asks for what has begun without one.
  for (int patience = first.index() == 0 ? 0 : 1; patience >= 0; --patience) {
    const auto next = co_await (next_signal() || deadline.async_wait(asio::use_awaitable));
    if (next.index() == 1) break;
    if (patience == 0) std::_Exit(exit_by_signal + std::get<0>(next));
  }
  log_.error("draining took longer than drain_timeout; what is not written is delivered again");
  std::_Exit(exit_code::drain_timed_out);
}

}  // namespace hangar
