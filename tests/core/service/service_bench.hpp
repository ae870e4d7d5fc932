#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/host.hpp"
#include "hangar/testing/open_things.hpp"
#include "http/http_listener.hpp"
#include "jetstream/steered_consumer.hpp"
#include "jetstream/stream_publisher.hpp"
#include "lease/leases.hpp"
#include "live/live_source.hpp"
#include "metrics/service_metrics.hpp"
#include "no_log.hpp"
#include "service/needs_check.hpp"
#include "service/supervisor.hpp"
#include "source/pull_source.hpp"

namespace hangar::test {

/// A storage that takes everything, or is away, or finds nothing in a table that it has not.
class MemorylessStorage final : public Storage {
 public:
  std::atomic<bool> away{false};
  std::string absent{};  ///< The name of the table that it has not.

  void prepare(std::span<const Table* const> tables, Creation) override {
    answer();
    for (const Table* table : tables) {
      if (table->name == absent) throw ConfigError{"there is no table " + absent};
    }
  }
  std::vector<Check> examine(std::span<const Table* const>, Creation) override { return {}; }
  std::unique_ptr<hangar::Session> open_session() override {
    answer();
    return std::make_unique<Session>(*this);
  }

 private:
  class Session final : public hangar::Session {
   public:
    explicit Session(const MemorylessStorage& storage) : storage_{storage} {}
    void begin() override { storage_.answer(); }
    void commit() override { storage_.answer(); }
    void rollback() noexcept override {}
    Rows find(const Table& table, std::span<const Keys>, std::span<const std::size_t>,
              Lock) override {
      if (table.name == storage_.absent) {
        throw TransientError{"no such table", TransientError::Retry::when_answerable};
      }
      return Rows{table};
    }
    std::vector<bool> insert_missing(const Rows& rows) override {
      return std::vector<bool>(rows.size(), true);
    }
    Rows scan(const Table& table, const Range&, std::span<const std::size_t>,
              std::size_t) override {
      return Rows{table};
    }
    std::size_t update(const Rows& rows) override { return rows.size(); }
    std::size_t add(const Rows& rows, std::span<const std::size_t>) override { return rows.size(); }
    using hangar::Session::erase;
    std::size_t erase(const Table&, std::span<const Keys>) override { return 0; }
    void savepoint() override {}
    void rollback_to_savepoint() override {}

   private:
    const MemorylessStorage& storage_;
  };

  void answer() const {
    if (away) throw TransientError{"the storage is away", TransientError::Retry::reconnect};
  }
};

/// A source that hands out so many messages and then waits for its stop.
class CountedSource final : public ServiceSource {
 public:
  explicit CountedSource(const boost::asio::any_io_executor& executor, std::size_t messages = 0)
      : stopped_{executor}, left_{messages} {}
  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds) override {
    Batch batch;
    for (; left_ > 0 && batch.size() < limit; --left_) {
      batch.emplace_back(Message::Content{.data = "event", .subject = "subject"},
                         std::make_unique<Forgotten>());
    }
    if (batch.empty()) co_await stopped_.wait();
    co_return batch;
  }
  boost::asio::awaitable<void> reject(Message, Rejection) override { co_return; }
  boost::asio::awaitable<void> open() override { co_return; }
  void stop() override { stopped_.set(); }
  void pause(bool) override {}
  boost::asio::awaitable<void> close() override { co_return; }

 private:
  struct Forgotten final : Message::Delivery {
    void ack() noexcept override {}
    void nak(std::chrono::milliseconds) noexcept override {}
    void drop_data(std::size_t) noexcept override {}
    [[nodiscard]] std::optional<std::string_view> header(const char*) const override { return {}; }
  };
  Event stopped_;
  std::size_t left_;
};

/// Counts how often it is paused.
class PausedSource final : public ServiceSource {
 public:
  explicit PausedSource(int& pauses) : pauses_{pauses} {}
  boost::asio::awaitable<Batch> next(std::size_t, std::chrono::milliseconds) override {
    co_return Batch{};
  }
  boost::asio::awaitable<void> reject(Message, Rejection) override { co_return; }
  boost::asio::awaitable<void> open() override { co_return; }
  void stop() override {}
  void pause(bool paused) override { pauses_ += paused ? 1 : 0; }
  boost::asio::awaitable<void> close() override { co_return; }

 private:
  int& pauses_;
};

/// For what is only started, stopped or cancelled.
inline boost::asio::awaitable<void> nothing() { co_return; }

inline const Table things{.name = "thing", .columns = {{"id", ColumnType::uuid, false}}};

/// One of everything that a service can need.
inline Needs everything() {
  Needs needs{.tables = {&things}, .lanes = 2, .publishes = {{"COPIES", "copies.>"}}};
  needs.listens.emplace_back("127.0.0.1:0");
  needs.reads.emplace_back("ORIGINALS", "originals.>", "durable");
  needs.live.push_back({.stream = "ORIGINALS", .filter_subject = "originals.>"});
  needs.steers.push_back({"ORIGINALS", "durable"});
  needs.leases.emplace_back("lease");
  return needs;
}

/// A service whose `run` is what a test wants, under the supervisor of the host. Its resources are
/// real where they need no server to be made; `nats` is where nobody listens.
class ServiceBench {
 public:
  using Body = std::function<boost::asio::awaitable<void>(Context&)>;

  explicit ServiceBench(Body what, Needs wanted = {},
                        const boost::asio::any_io_executor& executor = {})
      : body{std::move(what)}, needs{std::move(wanted)} {
    nats.urls = {"nats://127.0.0.1:1"};
    static constexpr Plugin plugin{.name = "author"};
    auto supervisor = std::make_unique<Supervisor>(executor ? executor : io.get_executor(), plugin,
                                                   std::make_unique<Factory>(*this));
    supervisor->log = std::make_unique<NoLog>();
    supervisor->metrics = std::make_unique<ServiceMetrics>(std::make_shared<prometheus::Registry>(),
                                                           supervisor->name);
    resources = &supervisor->resources;
    resources->make_source = [this](const auto& on, const SourceOptions&, Log&) {
      return std::make_shared<CountedSource>(on, messages);
    };
    resources->make_live_source = [this](const auto& on, const LiveOptions& options, Log& log) {
      return LiveSource::start(on, nats, options, "author", false, log);
    };
    resources->make_rereader = [this](const auto& on, const LiveOptions& options, Log& log) {
      return LiveSource::start(on, nats, options, "author", true, log);
    };
    resources->make_publisher = [this](const auto& on, const auto& targets, Log& log) {
      return StreamPublisher::start(on, nats, "author", targets, log);
    };
    resources->make_consumer = [this](const auto& on, const Steers& which, Log& log) {
      return SteeredConsumer::start(on, nats, "author", which, log);
    };
    resources->make_leases = [this](const auto& on, Log& log, Metrics& metrics) {
      return Leases::start(on, nats, "author", log, metrics);
    };
    resources->make_listener = [](const auto& on, const ListensOn& where, Log& log, Metrics&) {
      return HttpListener::start(on, setting_of("author", where), where, log);
    };
    resources->storage = [this]() -> Storage& { return storage; };
    service = std::make_unique<HostedService>(std::move(supervisor));
  }

  /// Runs a coroutine until nothing is left to do, and throws what it throws.
  void run(boost::asio::awaitable<void> coroutine) {
    std::exception_ptr error;
    boost::asio::co_spawn(io, std::move(coroutine),
                          [&](std::exception_ptr thrown) { error = std::move(thrown); });
    io.restart();
    io.run_for(std::chrono::minutes{1});
    EXPECT_TRUE(io.stopped()) << "not done within a minute";
    if (error) std::rethrow_exception(error);
  }

  boost::asio::io_context io{1};
  MemorylessStorage storage;
  NatsConfig nats;
  Body body;
  Needs needs;
  std::size_t messages = 0;  ///< That its source has.
  ServiceResources* resources = nullptr;
  std::unique_ptr<HostedService> service;

 private:
  struct Made final : Service {
    Made(Context& its, const Body& what) : context{its}, body{what} {}
    boost::asio::awaitable<void> run() override { return body(context); }
    Context& context;
    const Body& body;
  };
  struct Factory final : ServiceFactory {
    explicit Factory(const ServiceBench& its) : bench{its} {}
    void fields(Fields&) override {}
    [[nodiscard]] bool enabled() const override { return true; }
    [[nodiscard]] Needs needs() const override { return bench.needs; }
    [[nodiscard]] std::unique_ptr<Service> make(Context& context) const override {
      return std::make_unique<Made>(context, bench.body);
    }
    const ServiceBench& bench;
  };
};

/// Whether it comes to have no more open than `before`: a thread is still listed for a moment after
/// it was joined, here and when the others were counted.
inline ::testing::AssertionResult no_more_open_than(const testing::OpenThings& before) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  auto now = testing::open_things();
  while (now.threads > before.threads || now.descriptors > before.descriptors) {
    if (std::chrono::steady_clock::now() > deadline) {
      return ::testing::AssertionFailure()
             << "threads: " << before.threads << " before, " << now.threads
             << " now; descriptors: " << before.descriptors << ", " << now.descriptors;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    now = testing::open_things();
  }
  return ::testing::AssertionSuccess();
}

/// What the call throws, which has to be the author's fault; empty when it throws nothing.
inline boost::asio::awaitable<std::string> fault_of(boost::asio::awaitable<void> call) {
  std::string said;
  try {
    co_await std::move(call);
  } catch (const std::logic_error& error) {
    said = error.what();
  }
  co_return said;
}

}  // namespace hangar::test
