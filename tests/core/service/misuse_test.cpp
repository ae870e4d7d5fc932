// Every call of the public API as an author should not make it: each is an error that says what is
// wrong, and none ends or stops the host.
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <thread>

#include "hangar/batch_writer.hpp"
#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> idle(const Lease&) { co_return; }
asio::awaitable<bool> pass_over(const Message&) { co_return true; }

/// One call, and what is said of it.
struct Row {
  const char* call;
  std::function<asio::awaitable<void>(Context&)> misuse;
  std::string said;
};

asio::awaitable<void> now(Context& context, std::function<void(Context&)> call) {
  call(context);
  co_return;
}

const std::vector<Row>& rows() {
  static const auto call = [](std::function<void(Context&)> what) {
    return [what = std::move(what)](Context& context) { return now(context, what); };
  };
  static const std::vector<Row> all{
      {"source", call([](Context& its) { its.source("none"); }),
       "author asks for the source 'none', which its needs do not name"},
      {"publisher", call([](Context& its) { its.publisher(); }),
       "author asks for a publisher, but its needs name no stream for it"},
      {"consumer", call([](Context& its) { its.consumer("none"); }),
       "author asks for the consumer 'none', which its needs do not steer"},
      {"listener", call([](Context& its) { its.listener("none"); }),
       "author asks for the listener 'none', which its needs do not name"},
      {"transact nothing", [](Context& its) { return its.transact(0, {}); },
       "author transacts nothing"},
      {"transact elsewhere", [](Context& its) { return its.transact(9, [](Session&) {}); },
       "author transacts on lane 9, but has 2 lanes"},
      {"every without work", [](Context& its) { return its.every("lease", 1s, {}); },
       "author has no work for `every`"},
      {"every all the time", [](Context& its) { return its.every("lease", 0ms, idle); },
       "author has a period below 1 ms for `every`"},
      {"every of no lease", [](Context& its) { return its.every("none", 1s, idle); },
       "author asks for the lease 'none', which its needs do not name"},
      {"reread nothing",
       [](Context& its) -> asio::awaitable<void> { co_await its.reread("none", 1, pass_over); },
       "author rereads 'none', which is no live source of its needs"},
      {"reread from before the first",
       [](Context& its) -> asio::awaitable<void> { co_await its.reread("live", 0, pass_over); },
       "author rereads from position 0"},
      {"reread for nobody",
       [](Context& its) -> asio::awaitable<void> { co_await its.reread("live", 1, {}); },
       "author rereads for nobody"},
  };
  return all;
}

Needs tables_only() { return {.tables = {&things}, .lanes = 2}; }

TEST(Misuse, what_is_not_there_is_named) {
  std::size_t tried = 0;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       for (const Row& row : rows()) {
                         const std::string said = co_await fault_of(row.misuse(context));
                         EXPECT_EQ(said, row.said) << row.call;
                         ++tried;
                       }
                     },
                     tables_only()};
  bench.run(bench.service->start());
  EXPECT_EQ(tried, rows().size());
}

/// Every call that needs the service's executor.
std::vector<std::pair<const char*, std::function<asio::awaitable<void>(Context&)>>> calls() {
  const auto call = [](std::function<void(Context&)> what) {
    return [what = std::move(what)](Context& context) { return now(context, what); };
  };
  return {
      {"source", call([](Context& its) { its.source(); })},
      {"publisher", call([](Context& its) { its.publisher(); })},
      {"consumer", call([](Context& its) { its.consumer("durable"); })},
      {"listener", call([](Context& its) { its.listener(); })},
      {"not_ready", call([](Context& its) { its.not_ready("it is late"); })},
      {"stopped", [](Context& its) { return its.stopped(); }},
      {"stopped_within",
       [](Context& its) -> asio::awaitable<void> { co_await its.stopped_within(1h); }},
      {"every", [](Context& its) { return its.every("lease", 1s, idle); }},
      {"reread",
       [](Context& its) -> asio::awaitable<void> { co_await its.reread("live", 1, pass_over); }},
      {"transact", [](Context& its) { return its.transact(0, [](Session&) {}); }},
  };
}

TEST(Misuse, another_thread_is_refused) {
  std::size_t refused = 0;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
    std::thread{[&] {
      asio::io_context elsewhere;
      for (const auto& [name, call] : calls()) {
        asio::co_spawn(
            elsewhere,
            [&, name = name, call = call]() -> asio::awaitable<void> {
              const std::string said = co_await fault_of(call(context));
              EXPECT_EQ(said, fmt::format("author calls {} of its context outside of its executor",
                                          name));
              ++refused;
            },
            asio::detached);
      }
      elsewhere.run();
    }}.join();
    co_return;
  }};
  bench.run(bench.service->start());
  EXPECT_EQ(refused, calls().size());
}

TEST(Misuse, what_a_service_left_behind_is_told_that_run_has_ended) {
  std::size_t refused = 0;
  Event ended{asio::system_executor{}};
  Context* kept = nullptr;
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
    kept = &context;
    co_return;
  }};
  const auto late = [&]() -> asio::awaitable<void> {
    EXPECT_EQ(kept->service(), "author");
    EXPECT_EQ(kept->lanes(), 0U);
    for (const auto& [name, call] : calls()) {
      const std::string said = co_await fault_of(call(*kept));
      EXPECT_EQ(said, fmt::format("author calls {} of its context after `run` has ended", name));
      ++refused;
    }
  };
  for (int runs = 0; runs < 2; ++runs) {
    bench.run(bench.service->start());
    bench.run(asio::co_spawn(kept->executor(), late, asio::use_awaitable));
  }
  EXPECT_EQ(refused, 2 * calls().size());
}

TEST(Misuse, transaction_that_a_service_left_behind_ends_with_it) {
  std::string said;
  ServiceBench bench{
      [&](Context& context) -> asio::awaitable<void> {
        asio::co_spawn(
            context.executor(),
            [&]() -> asio::awaitable<void> {
              try {
                co_await context.transact(0, [&bench](Session&) {
                  bench.storage.away = true;
                  throw TransientError{"it went away", TransientError::Retry::reconnect};
                });
              } catch (const TransientError& error) {
                said = error.what();
              }
            },
            asio::detached);
        while (!bench.storage.away) co_await asio::post(asio::use_awaitable);
        throw std::runtime_error{"it failed meanwhile"};
      },
      tables_only()};
  EXPECT_THROW(bench.run(bench.service->start()), std::runtime_error);
  EXPECT_NE(said, "");
}

TEST(Misuse, longest_time_that_one_can_wait_is_no_time_at_all_never) {
  constexpr auto for_ever = std::chrono::milliseconds::max();
  constexpr auto never = std::chrono::milliseconds::min();
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
    EXPECT_FALSE(co_await context.stopped_within(never));
    EXPECT_TRUE(co_await context.stopped_within(for_ever));
  }};
  bench.run(bench.service->running([]() -> asio::awaitable<void> { co_return; }));
  const auto present = std::chrono::steady_clock::now();
  EXPECT_EQ(later(present, for_ever), std::chrono::steady_clock::time_point::max());
  EXPECT_EQ(later(present, never), present);
  EXPECT_EQ(later(present, 5ms), present + 5ms);
}

TEST(Misuse, a_batch_of_nothing_is_no_end) {
  ServiceBench bench{[](Context&) { return nothing(); }};
  NoLog log;
  PullOptions options{.source = {"STREAM", "subject", "durable"}, .service = "author"};
  const auto pull = PullSource::start(bench.io.get_executor(), bench.nats, options, log);
  const auto live =
      LiveSource::start(bench.io.get_executor(), bench.nats,
                        {.stream = "STREAM", .filter_subject = "subject"}, "author", false, log);
  bench.run([&]() -> asio::awaitable<void> {
    for (ServiceSource* source :
         {static_cast<ServiceSource*>(pull.get()), static_cast<ServiceSource*>(live.get())}) {
      std::string said;
      try {
        const Batch batch = co_await source->next(0, 0ms);
      } catch (const std::logic_error& error) {
        said = error.what();
      }
      EXPECT_EQ(said, "a batch of no message would look like the end");
      co_await source->close();
      const Batch end = co_await source->next(1, std::chrono::milliseconds::max());
      EXPECT_TRUE(end.empty());
      co_await source->close();
    }
  }());
}

TEST(Misuse, what_cannot_be_published_is_named_before_it_is_sent) {
  struct Case {
    OutgoingMessage message;
    std::string said;
  };
  const std::string header =
      "NATS cannot carry header 1 of a message to `copies.a`: a name has neither blanks nor "
      "colons, and a value is one line";
  std::vector<Case> cases{
      {{"", "body"}, "nothing can be published on the subject ``"},
      {{"copies.a b", "body"}, "nothing can be published on the subject `copies.a b`"},
      {{"copies.*", "body"}, "nothing can be published on the subject `copies.*`"},
      {{"copies.>", "body"}, "nothing can be published on the subject `copies.>`"},
      {{"copies.a\r\nPUB x 0", "body"},
       "nothing can be published on the subject `copies.a\r\nPUB x 0`"},
      {{"originals.a", "body"}, "no stream of the service's needs takes the subject `originals.a`"},
      {{"copies.a", "body", "two\r\nlines"}, header},
  };
  for (const char* name : {"", "a b", "a:b", "a\n", "\xFF"}) {
    cases.push_back({OutgoingMessage{"copies.a", "body"}.header(name, "value"), header});
  }
  ServiceBench bench{[](Context&) { return nothing(); }};
  NoLog log;
  const auto publisher = StreamPublisher::start(bench.io.get_executor(), bench.nats, "author",
                                                {{"COPIES", "copies.>"}}, log);
  bench.run([&]() -> asio::awaitable<void> {
    for (const Case& one : cases) {
      const auto publish = [&]() -> asio::awaitable<void> {
        co_await publisher->publish(one.message);
      };
      const std::string first = co_await fault_of(publish());
      EXPECT_EQ(first, one.said);
      const auto enqueue = [&]() -> asio::awaitable<void> {
        co_await publisher->enqueue(one.message);
        co_await publisher->flush();
      };
      const std::string second = co_await fault_of(enqueue());
      EXPECT_EQ(second, one.said);
    }
    co_await publisher->close();
    // After the stop: it may be stored, as far as one knows.
    bool unknown = false;
    try {
      OutgoingMessage late{"copies.a", "body"};
      co_await publisher->publish(std::move(late));
    } catch (const TransientError&) {
      unknown = true;
    }
    EXPECT_TRUE(unknown);
    OutgoingMessage later{"copies.a", "body"};
    co_await publisher->enqueue(std::move(later));
    bool told = false;
    try {
      co_await publisher->flush();
    } catch (const TransientError&) {
      told = true;
    }
    EXPECT_TRUE(told);
  }());
}

TEST(Misuse, filter_that_is_none_is_named_and_a_consumer_that_is_closed_answers) {
  ServiceBench bench{[](Context&) { return nothing(); }};
  NoLog log;
  const auto consumer =
      SteeredConsumer::start(bench.io.get_executor(), bench.nats, "author", {"S", "durable"}, log);
  bench.run([&]() -> asio::awaitable<void> {
    for (const char* subject : {"", "a b", "a..b", ">.a", "a.>.b"}) {
      std::vector<std::string> subjects{subject};
      std::string said;
      try {
        co_await consumer->filter(std::move(subjects));
      } catch (const ConfigError& error) {
        said = error.what();
      }
      EXPECT_TRUE(said.starts_with("the filter of consumer durable of stream S: ")) << said;
    }
    co_await consumer->close();
    bool away = false;
    try {
      co_await consumer->info();
    } catch (const TransientError&) {
      away = true;
    }
    EXPECT_TRUE(away);
  }());
}

TEST(Misuse, series_that_cannot_be_are_refused) {
  ServiceMetrics kept{std::make_shared<prometheus::Registry>(), "author"};
  Metrics& metrics = kept;
  metrics.counter("good_total", "help")(1);
  EXPECT_THROW(metrics.counter("a b", "help"), std::invalid_argument);
  EXPECT_THROW(metrics.counter("labelled_total", "help", {{"a b", "c"}}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("good_total", "help", {1}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("unsorted", "help", {2, 1}), std::invalid_argument);
}

TEST(Misuse, rows_that_were_moved_away_are_empty_and_a_table_without_columns_has_none) {
  Rows rows{things};
  rows.add()[0] = Uuid{};
  const Rows taken = std::move(rows);
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_TRUE(rows.empty());                 // NOLINT(bugprone-use-after-move): that is the misuse
  EXPECT_EQ(rows.keep("a text"), "a text");  // NOLINT(bugprone-use-after-move)
  const Table none{.name = "none", .columns = {}};
  EXPECT_THROW(Rows{none}, std::logic_error);
}

}  // namespace
}  // namespace hangar::test
