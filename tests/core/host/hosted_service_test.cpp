#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <stdexcept>
#include <thread>

#include "hangar/host.hpp"
#include "service/supervisor.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

/// A source with nothing in it: `next` returns when it is stopped.
class SilentSource final : public ServiceSource {
 public:
  explicit SilentSource(const asio::any_io_executor& executor) : stopped_{executor} {}
  asio::awaitable<Batch> next(std::size_t, std::chrono::milliseconds) override {
    co_await stopped_.wait();
    co_return Batch{};
  }
  asio::awaitable<void> reject(Message, Rejection) override { co_return; }
  asio::awaitable<void> open() override { co_return; }
  void stop() override { stopped_.set(); }
  void pause(bool) override {}
  asio::awaitable<void> close() override { co_return; }

 private:
  Event stopped_;
};

class QuietLog final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
};

struct OneStream : ReaderConfig {
  OneStream() : ReaderConfig{"STREAM", "subject.>", "durable"} {}
};

class Reader final : public Service {
 public:
  using Config = OneStream;
  Reader(Context& context, const Config&) : source_{context.source()} {}
  asio::awaitable<void> run() override {
    for (Batch batch = co_await source_.next(1, {}); !batch.empty();) {
      batch = co_await source_.next(1, {});
    }
  }

 private:
  Source& source_;
};

class Broken final : public Service {
 public:
  using Config = ServiceConfig;
  Broken(Context&, const Config&) {}
  asio::awaitable<void> run() override {
    throw std::runtime_error{"it broke"};
    co_return;
  }
};

/// Needs nothing.
class Ticker final : public Service {
 public:
  using Config = ServiceConfig;
  Ticker(Context& context, const Config&) : context_{context} {}
  asio::awaitable<void> run() override {
    EXPECT_FALSE(co_await context_.stopped_within({}));
    co_await context_.stopped();
    EXPECT_TRUE(co_await context_.stopped_within(std::chrono::hours{1}));
  }

 private:
  Context& context_;
};

/// Asks for what it did not declare, each time in vain.
class Careless final : public Service {
 public:
  using Config = ServiceConfig;
  Careless(Context& context, const Config&) : context_{context} {}
  asio::awaitable<void> run() override {
    EXPECT_THROW(context_.source(), std::logic_error);
    EXPECT_THROW(context_.source("other"), std::logic_error);
    EXPECT_THROW(context_.publisher(), std::logic_error);
    EXPECT_EQ(context_.lanes(), 0U);
    co_await fails(context_.transact(0, [](Session&) {}));
    co_await fails(context_.transact(0, {}));
    Context& context = context_;
    std::thread{[&context] {
      EXPECT_THROW(context.source(), std::logic_error);
      EXPECT_THROW(context.not_ready("elsewhere"), std::logic_error);
    }}.join();
  }

 private:
  static asio::awaitable<void> fails(asio::awaitable<void> call) {
    bool refused = false;
    try {
      co_await std::move(call);
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  }
  Context& context_;
};

/// Two lanes that find the storage down when the host stops.
class TwoLanes final : public Service {
 public:
  using Config = OneStream;
  TwoLanes(Context& context, const Config&) : source_{context.source()} {}
  asio::awaitable<void> run() override {
    using asio::experimental::awaitable_operators::operator&&;
    co_await (lane() && lane());
  }

 private:
  asio::awaitable<void> lane() {
    co_await source_.next(1, {});
    throw TransientError{"the storage is down", TransientError::Retry::backoff};
  }
  Source& source_;
};

template <class S>
std::unique_ptr<HostedService> host(const asio::any_io_executor& executor) {
  static constexpr Plugin plugin = service_plugin<S>("reader", "1.2.3", "Reads and forgets");
  auto supervisor = std::make_unique<Supervisor>(
      executor, plugin, std::unique_ptr<ServiceFactory>{plugin.make_service()});
  supervisor->log = std::make_unique<QuietLog>();
  supervisor->resources.make_source = [](const asio::any_io_executor& strand, const SourceOptions&,
                                         Log&) { return std::make_shared<SilentSource>(strand); };
  return std::make_unique<HostedService>(std::move(supervisor));
}

/// Runs a coroutine to its end and throws what it throws.
void run(asio::io_context& io, asio::awaitable<void> body) {
  std::exception_ptr error;
  asio::co_spawn(io, std::move(body),
                 [&](std::exception_ptr thrown) { error = std::move(thrown); });
  io.restart();
  io.run();
  if (error) std::rethrow_exception(error);
}

TEST(hosted_service, is_named_as_configured) {
  asio::io_context io;
  const auto service = host<Reader>(io.get_executor());
  EXPECT_EQ(service->name(), "reader");
  EXPECT_EQ(service->version(), "1.2.3");
  EXPECT_EQ(service->environment_variable_name(), "HANGAR_SERVICES_READER_ENABLED");
  EXPECT_TRUE(service->enabled());
  EXPECT_FALSE(service->service_settings().fields().empty());
}

TEST(hosted_service, storage_that_is_down_for_every_lane_at_the_end_is_no_failure) {
  asio::io_context io;
  const auto service = host<TwoLanes>(io.get_executor());
  run(io, [&]() -> asio::awaitable<void> {
    co_await service->running([&]() -> asio::awaitable<void> { co_return; });
  }());
  EXPECT_EQ(service->state(), ServiceState::stopped);
  EXPECT_EQ(service->failure(), "");
}

TEST(hosted_service, stop_before_start_and_twice_is_harmless) {
  asio::io_context io;
  const auto service = host<Reader>(io.get_executor());
  run(io, [&]() -> asio::awaitable<void> {
    co_await service->stop();
    co_await service->stop();
    bool ran = false;
    co_await service->running([&]() -> asio::awaitable<void> {
      ran = true;
      EXPECT_EQ(service->state(), ServiceState::running);
      EXPECT_TRUE(service->started_event().is_set());
      co_return;
    });
    EXPECT_TRUE(ran);
    co_await service->stop();
    co_await service->stop();
  }());
  EXPECT_EQ(service->state(), ServiceState::stopped);
  EXPECT_FALSE(service->started_event().is_set());
}

TEST(hosted_service, refuses_to_start_twice) {
  asio::io_context io;
  const auto service = host<Reader>(io.get_executor());
  run(io, service->running([&]() -> asio::awaitable<void> {
    bool refused = false;
    try {
      co_await service->start();
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(service->state(), ServiceState::running);
  }));
}

TEST(hosted_service, service_that_needs_nothing_is_started_and_is_told_to_stop) {
  asio::io_context io;
  const auto service = host<Ticker>(io.get_executor());
  run(io, service->running([&]() -> asio::awaitable<void> {
    EXPECT_EQ(service->state(), ServiceState::running);
    co_return;
  }));
  EXPECT_EQ(service->state(), ServiceState::stopped);
  EXPECT_EQ(service->failure(), "");
}

TEST(hosted_service, what_was_not_declared_is_refused_and_so_is_another_thread) {
  asio::io_context io;
  const auto service = host<Careless>(io.get_executor());
  run(io, service->start());
  EXPECT_EQ(service->failure(), "");
}

TEST(hosted_service, failure_is_thrown_by_start_and_kept) {
  asio::io_context io;
  const auto service = host<Broken>(io.get_executor());
  EXPECT_THROW(run(io, service->start()), std::runtime_error);
  EXPECT_EQ(service->state(), ServiceState::failed);
  EXPECT_EQ(service->failure(), "it broke");
}

TEST(hosted_service, scope_of_a_service_that_fails_throws_its_error) {
  asio::io_context io;
  const auto service = host<Broken>(io.get_executor());
  EXPECT_THROW(run(io, service->running([]() -> asio::awaitable<void> { co_return; })),
               std::exception);
}

TEST(hosted_service, scope_throws_what_its_body_throws_and_stops_the_service) {
  asio::io_context io;
  const auto service = host<Reader>(io.get_executor());
  EXPECT_THROW(run(io, service->running([]() -> asio::awaitable<void> {
                 throw std::runtime_error{"body"};
                 co_return;
               })),
               std::runtime_error);
  EXPECT_EQ(service->state(), ServiceState::stopped);
}

TEST(hosted_service, starts_and_stops_from_many_threads_end_stopped) {
  constexpr int rounds = 2'000;
  asio::thread_pool threads{4};
  const auto service = host<Reader>(threads.get_executor());
  std::atomic<int> started{0};
  std::atomic<int> ended{0};
  for (int i = 0; i < rounds; ++i) {
    asio::co_spawn(
        threads,
        [&]() -> asio::awaitable<void> {
          try {
            co_await service->start();
            ++started;
          } catch (const std::logic_error&) {  // Another one had started it already.
          }
          ++ended;
        },
        asio::detached);
    asio::co_spawn(threads, service->stop(), asio::detached);
  }
  // One that started after the last stop would run for ever: stop until all have ended.
  asio::co_spawn(
      threads,
      [&]() -> asio::awaitable<void> {
        while (ended < rounds) {
          co_await service->stop();
          co_await asio::post(asio::use_awaitable);
        }
      },
      asio::detached);
  threads.join();
  EXPECT_GT(started, 0);
  EXPECT_EQ(service->state(), ServiceState::stopped);
}

}  // namespace
}  // namespace hangar
