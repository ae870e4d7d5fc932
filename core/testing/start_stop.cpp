#include "hangar/testing/start_stop.hpp"

#include <fmt/format.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "hangar/error.hpp"
#include "hangar/testing/open_things.hpp"

namespace asio = boost::asio;

namespace hangar::testing {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> wait(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> stop_after(HostedService& service, std::chrono::milliseconds time) {
  co_await wait(time);
  co_await service.stop();
}

/// Once started and stopped; how, and after what time, is another thing each round.
asio::awaitable<void> start_and_stop(HostedService& service, int round) {
  const std::chrono::milliseconds time{round / 3 * 3};
  switch (round % 3) {
    case 0:
      co_await (service.start() && stop_after(service, time));
      break;
    case 1:
      co_await (service.start() || wait(time));
      break;
    default: {
      const auto body = [time] { return wait(time); };
      co_await (service.running(body) && stop_after(service, 1s));
    }
  }
  if (service.state() != ServiceState::stopped) {
    throw Error{service.name() + " is not stopped: " + service.failure()};
  }
}

asio::awaitable<void> stress(HostedService& service, int rounds) {
  for (int round = 0; round < rounds; ++round) co_await start_and_stop(service, round);
}

asio::awaitable<void> stress_all(std::vector<HostedService*> services, int rounds) {
  if (services.empty()) co_return;
  HostedService& one = *services.back();
  services.pop_back();
  co_await (stress(one, rounds) && stress_all(std::move(services), rounds));
}

asio::awaitable<void> stress_twice(std::vector<HostedService*> services, int rounds) {
  std::vector<HostedService*> others = services;
  co_await stress_all(std::move(others), rounds);
  const OpenThings before = open_things();
  others = services;
  co_await stress_all(std::move(others), rounds);
  const auto more = [&](const OpenThings& now) {
    return now.threads > before.threads || now.descriptors > before.descriptors;
  };
  OpenThings after = open_things();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (more(after) && std::chrono::steady_clock::now() < deadline) {
    co_await wait(1ms);
    after = open_things();
  }
  if (!more(after)) co_return;
  throw Error{fmt::format("{} threads and {} descriptors before, {} and {} after", before.threads,
                          before.descriptors, after.threads, after.descriptors)};
}

}  // namespace

std::vector<std::string> start_and_stop(HostOptions options,
                                        const std::vector<std::string>& services, int rounds) {
  const std::vector<std::string> staying = options.only;
  Host host{std::move(options)};
  std::vector<HostedService*> chosen = host.all_services();
  std::erase_if(chosen, [&](const HostedService* one) {
    const bool meant = services.empty() || std::ranges::count(services, one->name()) > 0;
    return !meant || std::ranges::count(staying, one->name()) > 0;
  });
  std::vector<std::string> names;
  for (const HostedService* one : chosen) names.push_back(one->name());
  for (const std::string& name : services) {
    if (std::ranges::count(names, name) == 0) throw Error{"there is no service " + name};
  }
  std::exception_ptr failure;
  asio::co_spawn(host.executor(), stress_twice(std::move(chosen), rounds),
                 [&](std::exception_ptr error) {
                   failure = std::move(error);
                   ::kill(::getpid(), SIGTERM);
                 });
  const int code = host.run_services();
  if (failure) std::rethrow_exception(failure);
  if (code != 0) throw Error{fmt::format("the host ended with {}", code)};
  return names;
}

}  // namespace hangar::testing
