// A service with everything that one can need, over a real server that comes and goes.
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "nats_test.hpp"
#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

class StartStopServerTest : public NatsTest {
 protected:
  StartStopServerTest() : bench_{work, everything()} {
    bench_.nats = config();
    bench_.resources->make_source = [this](const auto& on, const SourceOptions& options, Log&) {
      return PullSource::start(on, bench_.nats, {.source = options, .service = "author"}, log_);
    };
  }

  /// Reads, publishes, and does the work of a lease, until it is stopped.
  static asio::awaitable<void> work(Context& context) {
    co_await (read(context) && copy(context) && renew(context));
  }
  static asio::awaitable<void> read(Context& context) {
    Source& source = context.source();
    for (Batch batch = co_await source.next(10, 0ms); !batch.empty();) {
      co_await context.transact(0, [](Session&) {});
      batch.ack();
      batch = co_await source.next(10, 0ms);
    }
  }
  static asio::awaitable<void> copy(Context& context) {
    for (int copies = 0; !context.stopping(); ++copies) {
      OutgoingMessage message{"copies.all", "copy"};
      co_await context.publisher().publish(std::move(message));
    }
  }
  static asio::awaitable<void> renew(Context& context) {
    const auto look = [&context](const Lease&) -> asio::awaitable<void> {
      co_await context.consumer("durable").info();
    };
    co_await context.every("lease", 10ms, look);
  }

  void start_and_stop(std::chrono::milliseconds after, const std::function<void()>& meanwhile) {
    const auto stop = [&]() -> asio::awaitable<void> {
      asio::steady_timer timer{bench_.io, after};
      co_await timer.async_wait(asio::use_awaitable);
      meanwhile();
      co_await bench_.service->stop();
    };
    bench_.run([&]() -> asio::awaitable<void> { co_await (bench_.service->start() && stop()); }());
    EXPECT_EQ(bench_.service->state(), ServiceState::stopped);
    EXPECT_EQ(bench_.service->failure(), "");
  }

  ServiceBench bench_;
};

TEST_F(StartStopServerTest, a_stop_at_any_moment_ends_it_and_leaves_nothing_behind) {
  const auto nothing = [] {};
  bench_.run(bench_.service->running([]() -> asio::awaitable<void> { co_return; }));
  const auto before = testing::open_things();
  for (int round = 0; round < 20; ++round) {
    start_and_stop(std::chrono::milliseconds{round * 2}, nothing);
  }
  bench_.run(bench_.service->running([this]() -> asio::awaitable<void> {
    EXPECT_EQ(bench_.service->state(), ServiceState::running);
    co_return;
  }));
  EXPECT_TRUE(no_more_open_than(before));
}

TEST_F(StartStopServerTest,
       a_stop_while_the_server_is_killed_or_silent_takes_no_longer_than_a_call) {
  bench_.run(bench_.service->running([]() -> asio::awaitable<void> { co_return; }));
  for (int round = 0; round < 5; ++round) {
    start_and_stop(std::chrono::milliseconds{40 + round * 20}, [this] {
      if (server_.pid() != 0) kill(server_.pid(), SIGKILL);
    });
  }
  bench_.run(bench_.service->running([]() -> asio::awaitable<void> { co_return; }));
  const auto silent = [this] { kill(server_.pid(), SIGSTOP); };
  const auto began = std::chrono::steady_clock::now();
  start_and_stop(100ms, silent);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 25s);
  kill(server_.pid(), SIGCONT);
}

}  // namespace
}  // namespace hangar::test
