// A service is started and stopped in every state that it can be in, again and again.
#include <gtest/gtest.h>
#include <nats/nats.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "hangar/together.hpp"
#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> until_stopped(Context& context) { co_await context.stopped(); }
TEST(StartStop, scope_within_a_scope_is_refused_and_stops_nothing) {
  ServiceBench bench{until_stopped};
  bool inside = false;
  bench.run(bench.service->running([&]() -> asio::awaitable<void> {
    const std::string said = co_await fault_of(bench.service->running([&] {
      inside = true;
      return nothing();
    }));
    EXPECT_EQ(said, "author is started already");
    EXPECT_EQ(bench.service->state(), ServiceState::running);
  }));
  EXPECT_FALSE(inside);
  EXPECT_EQ(bench.service->state(), ServiceState::stopped);
}

TEST(StartStop, scope_around_nothing_is_refused) {
  ServiceBench bench{until_stopped};
  bench.run([&]() -> asio::awaitable<void> {
    const std::string said = co_await fault_of(bench.service->running({}));
    EXPECT_EQ(said, "author is to run around nothing");
  }());
  EXPECT_EQ(bench.service->state(), ServiceState::stopped);
}

TEST(StartStop, scope_of_a_service_that_ends_by_itself_ends) {
  ServiceBench bench{[](Context&) { return nothing(); }};
  for (int round = 0; round < 100; ++round) {
    bool inside = false;
    bench.run(bench.service->running([&] {
      inside = true;
      return nothing();
    }));
    EXPECT_TRUE(inside);
    EXPECT_EQ(bench.service->state(), ServiceState::stopped);
  }
}

TEST(StartStop, scope_of_a_service_that_is_stopped_before_it_is_ready_ends_without_its_body) {
  ServiceBench bench{until_stopped, everything()};
  bool inside = false;
  const auto stop = [&]() -> asio::awaitable<void> {
    while (bench.service->state() != ServiceState::starting) {
      co_await asio::post(asio::use_awaitable);
    }
    co_await bench.service->stop();
  };
  bench.run(bench.service->running([&] {
    inside = true;
    return nothing();
  }) && stop());
  EXPECT_FALSE(inside);
  EXPECT_EQ(bench.service->state(), ServiceState::stopped);
}

TEST(StartStop, what_was_only_cancelled_is_not_taken_for_the_failure) {
  const auto fail = []() -> asio::awaitable<void> {
    throw std::runtime_error{"it broke"};
    co_return;
  };
  ServiceBench left{
      [&](Context& context) -> asio::awaitable<void> { co_await (fail() && context.stopped()); }};
  EXPECT_THROW(left.run(left.service->start()), std::runtime_error);
  EXPECT_EQ(left.service->failure(), "it broke");
  ServiceBench right{
      [&](Context& context) -> asio::awaitable<void> { co_await (context.stopped() && fail()); }};
  EXPECT_THROW(right.run(right.service->start()), Error);
  EXPECT_TRUE(right.service->failure().starts_with("one of several coroutines"));
  ServiceBench wrong{[](Context& context) -> asio::awaitable<void> {
    const auto refuse = []() -> asio::awaitable<void> {
      throw ConfigError{"a person must act"};
      co_return;
    };
    co_await together(context.stopped(), refuse());
  }};
  EXPECT_THROW(wrong.run(wrong.service->start()), ConfigError);
  EXPECT_EQ(wrong.service->failure(), "a person must act");
}

TEST(StartStop, what_reads_nothing_ends_where_all_is_to_be_drained) {
  ServiceBench bench{until_stopped};
  bench.resources->until_drained = true;
  bench.run(bench.service->start());
  EXPECT_EQ(bench.service->state(), ServiceState::stopped);
  EXPECT_EQ(bench.service->failure(), "");
}

TEST(StartStop, whoever_cancels_a_start_stops_the_service) {
  bool told = false;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
    co_await context.stopped();
    asio::steady_timer timer{context.executor(), 1ms};
    co_await timer.async_wait(asio::use_awaitable);
    told = true;
  }};
  const auto wait = [&]() -> asio::awaitable<void> {
    while (bench.service->state() != ServiceState::running) {
      co_await asio::post(asio::use_awaitable);
    }
  };
  for (int round = 0; round < 100; ++round) {
    told = false;
    bench.run([&]() -> asio::awaitable<void> {
      co_await (bench.service->start() || wait());
      EXPECT_TRUE(told);
      EXPECT_EQ(bench.service->state(), ServiceState::stopped);
      co_await bench.service->stop();
    }());
  }
}

TEST(StartStop, whoever_cancels_a_scope_stops_the_service) {
  ServiceBench bench{until_stopped};
  const auto wait = [&]() -> asio::awaitable<void> {
    while (bench.service->state() != ServiceState::running) {
      co_await asio::post(asio::use_awaitable);
    }
  };
  for (int round = 0; round < 100; ++round) {
    bench.run([&]() -> asio::awaitable<void> {
      const auto body = []() -> asio::awaitable<void> {
        asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
        co_await timer.async_wait(asio::use_awaitable);
      };
      co_await (bench.service->running(body) || wait());
    }());
    EXPECT_EQ(bench.service->state(), ServiceState::stopped);
  }
}

TEST(StartStop, a_start_that_is_cancelled_at_once_leaves_nothing_behind) {
  ServiceBench bench{until_stopped, everything()};
  for (int round = 0; round < 20; ++round) {
    bench.run([&]() -> asio::awaitable<void> { co_await (bench.service->start() || nothing()); }());
    EXPECT_EQ(bench.service->state(), ServiceState::stopped);
  }
}

/// Everything that a service can need, with NATS away, and at last the storage too.
TEST(StartStop, with_nats_and_storage_away_a_stop_takes_no_longer_and_leaves_nothing_behind) {
  ServiceBench bench{until_stopped, everything()};
  const auto start_and_stop = [&](std::chrono::milliseconds after) -> asio::awaitable<void> {
    const auto stop = [&]() -> asio::awaitable<void> {
      asio::steady_timer timer{bench.io, after};
      co_await timer.async_wait(asio::use_awaitable);
      co_await bench.service->stop();
    };
    co_await (bench.service->start() && stop());
    EXPECT_EQ(bench.service->state(), ServiceState::stopped);
    EXPECT_EQ(bench.service->failure(), "");
  };
  // Begins threads that stay, which else the first connection does, in whatever round that is.
  ASSERT_EQ(nats_Open(-1), NATS_OK);
  testing::OpenThings before;
  for (int round = 0; round < 40; ++round) {
    bench.storage.away = round >= 20;
    bench.run(start_and_stop(std::chrono::milliseconds{round % 10}));
    if (round == 1) before = testing::open_things();
  }
  EXPECT_TRUE(no_more_open_than(before));
}

/// The same from many threads at once, on a strand.
TEST(StartStop, starts_scopes_and_stops_from_many_threads_end_stopped) {
  constexpr int rounds = 500;
  asio::thread_pool threads{4};
  ServiceBench bench{until_stopped, everything(), threads.get_executor()};
  bench.resources->make_live_source = [](const auto& on, const LiveOptions&, Log&) {
    return std::make_shared<CountedSource>(on);
  };
  bench.needs = Needs{.tables = {&things}, .lanes = 2};
  bench.needs.reads.emplace_back("ORIGINALS", "originals.>", "durable");
  HostedService& service = *bench.service;
  std::atomic<int> ended{0};
  std::atomic<int> bodies{0};
  for (int i = 0; i < rounds; ++i) {
    // What cancels is no matter for two threads at once.
    asio::co_spawn(
        asio::make_strand(threads),
        [&, i]() -> asio::awaitable<void> {
          try {
            switch (i % 3) {
              case 0:
                co_await service.start();
                break;
              case 1:
                co_await service.running([&]() -> asio::awaitable<void> {
                  ++bodies;
                  co_return;
                });
                break;
              default:
                co_await (service.start() || asio::post(asio::use_awaitable));
            }
          } catch (const std::exception&) {  // Another one had started it already.
          }
          ++ended;
        },
        asio::detached);
    asio::co_spawn(threads, service.stop(), asio::detached);
  }
  asio::co_spawn(
      threads,
      [&]() -> asio::awaitable<void> {
        while (ended < rounds) {
          co_await service.stop();
          co_await asio::post(asio::use_awaitable);
        }
      },
      asio::detached);
  threads.join();
  EXPECT_EQ(service.state(), ServiceState::stopped);
}

}  // namespace
}  // namespace hangar::test
