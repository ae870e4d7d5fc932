#include <gtest/gtest.h>

#include "service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

Needs that_can_wait() { return {.tables = {&things}, .tables_can_wait = true}; }

TEST(TablesThatCanWait, service_begins_before_them_and_a_transaction_when_they_are_ready) {
  int begun = 0;
  bool away_then = false;
  int done = 0;
  ServiceBench* its = nullptr;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       ++begun;
                       away_then = its->storage.away;
                       EXPECT_EQ(context.lanes(), 1U);
                       its->storage.away = false;
                       co_await context.transact(0, [&](Session&) { ++done; });
                     },
                     that_can_wait()};
  its = &bench;
  bench.storage.away = true;
  bench.run(bench.service->start());
  EXPECT_EQ(begun, 1);
  EXPECT_TRUE(away_then);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(bench.service->failure(), "");
}

TEST(TablesThatCanWait, a_service_can_stop_while_they_are_away_and_is_not_failed) {
  std::string said;
  ServiceBench* its = nullptr;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       asio::co_spawn(its->io, its->service->stop(),
                                      [](const std::exception_ptr&) {});
                       try {
                         co_await context.transact(0, [](Session&) {});
                       } catch (const TransientError& error) {
                         said = error.what();
                       }
                     },
                     that_can_wait()};
  its = &bench;
  bench.storage.away = true;
  bench.run(bench.service->start());
  EXPECT_EQ(said, "the tables did not become ready");
  EXPECT_EQ(bench.service->state(), ServiceState::stopped);
}

TEST(TablesThatCanWait, one_that_is_absent_ends_the_service_with_what_is_wrong) {
  bool stopped = false;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       co_await context.stopped();
                       stopped = true;
                     },
                     that_can_wait()};
  bench.storage.absent = things.name;
  EXPECT_THROW(bench.run(bench.service->start()), ConfigError);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(bench.service->state(), ServiceState::failed);
  EXPECT_NE(bench.service->failure().find("there is no table"), std::string::npos);
}

TEST(TablesThatCanWait, their_failures_pause_no_source) {
  for (const bool can_wait : {true, false}) {
    int pauses = 0;
    ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                         int failures = 3;
                         co_await context.transact(0, [&](Session&) {
                           if (failures-- > 0) {
                             throw TransientError{"locked", TransientError::Retry::locked};
                           }
                         });
                       },
                       {.tables = {&things}, .tables_can_wait = can_wait}};
    bench.needs.reads.emplace_back("ORIGINALS", "originals.>", "durable");
    bench.resources->make_source = [&](const auto&, const SourceOptions&, Log&) {
      return std::make_shared<PausedSource>(pauses);
    };
    bench.run(bench.service->start());
    EXPECT_EQ(pauses > 0, !can_wait);
  }
}

TEST(TablesThatCanWait, a_service_that_fails_while_they_are_away_can_run_again) {
  int runs = 0;
  ServiceBench* its = nullptr;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       if (++runs == 1) throw std::runtime_error{"by itself"};
                       its->storage.away = false;
                       co_await context.transact(0, [](Session&) {});
                     },
                     that_can_wait()};
  its = &bench;
  bench.storage.away = true;
  EXPECT_THROW(bench.run(bench.service->start()), std::runtime_error);
  bench.run(bench.service->start());
  EXPECT_EQ(bench.service->failure(), "");
}

}  // namespace
}  // namespace hangar::test
