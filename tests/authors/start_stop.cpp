// Starts and stops every service that a host finds, at any moment and many times, while one other
// runs: `start_stop ROUNDS STAYS SETTING=VALUE…`. Ends with 1 when one of them fails, or leaves a
// thread or a descriptor behind.
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/host.hpp"

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> wait(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> stop_after(hangar::HostedService& service, std::chrono::milliseconds time) {
  co_await wait(time);
  co_await service.stop();
}

/// Once started and stopped; how, and after what time, is another thing each round.
asio::awaitable<void> start_and_stop(hangar::HostedService& service, int round) {
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
  if (service.state() != hangar::ServiceState::stopped) {
    throw hangar::Error{service.name() + " is not stopped: " + service.failure()};
  }
}

std::pair<std::size_t, std::size_t> threads_and_descriptors() {
  const auto count = [](const char* folder) {
    const std::filesystem::directory_iterator all{folder};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  };
  return {count("/proc/self/task"), count("/proc/self/fd")};
}

asio::awaitable<void> stress(hangar::HostedService& service, int rounds) {
  for (int round = 0; round < rounds; ++round) co_await start_and_stop(service, round);
}

asio::awaitable<void> stress_all(std::vector<hangar::HostedService*> services, int rounds) {
  if (services.empty()) co_return;
  hangar::HostedService& one = *services.back();
  services.pop_back();
  co_await (stress(one, rounds) && stress_all(std::move(services), rounds));
}

asio::awaitable<void> stress_twice(std::vector<hangar::HostedService*> services, int rounds) {
  std::vector<hangar::HostedService*> others = services;
  co_await stress_all(std::move(others), rounds);
  const auto before = threads_and_descriptors();
  others = services;
  co_await stress_all(std::move(others), rounds);
  const auto after = threads_and_descriptors();
  std::cout << before.first << " threads and " << before.second << " descriptors before, "
            << after.first << " and " << after.second << " after\n";
  if (after != before) throw hangar::Error{"something is left behind"};
}

}  // namespace

int main(int count, char** words) try {
  if (count < 3) throw hangar::Error{"start_stop ROUNDS STAYS SETTING=VALUE…"};
  const int rounds = std::atoi(words[1]);  // NOLINT(cert-err34-c): the test gives it
  hangar::HostOptions options;
  options.only = {words[2]};
  options.sets.assign(words + 3, words + count);
  hangar::Host host{std::move(options)};
  std::vector<hangar::HostedService*> services = host.all_services();
  std::erase_if(services, [&](const auto* one) { return one->name() == words[2]; });
  for (const auto* one : services) std::cout << one->name() << '\n';
  std::exception_ptr failure;
  asio::co_spawn(host.executor(), stress_twice(services, rounds), [&](std::exception_ptr error) {
    failure = std::move(error);
    ::kill(::getpid(), SIGTERM);
  });
  const int code = host.run_services();
  if (failure) std::rethrow_exception(failure);
  return code;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
