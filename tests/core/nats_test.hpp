#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded_server.hpp"
#include "hangar/log.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"
#include "source/pull_source.hpp"

namespace hangar::test {

/// Keeps what was written.
class Lines final : public Log {
 public:
  void write(LogLevel level, std::string_view line) noexcept override;
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return true; }
  [[nodiscard]] bool contains(std::string_view text) const;
  [[nodiscard]] std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// A folder that is gone when the test is.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The nats-server that the tests are to use.
std::string server_binary();

/// Each test has a server of its own, an executor, and a stream PREFECT_TASKS on `prefect.tasks.>`
/// that it makes by opening a source.
class NatsTest : public testing::Test {
 protected:
  NatsTest();
  ~NatsTest() override;

  /// Runs a coroutine to its end; fails when that takes longer than a minute.
  void run(boost::asio::awaitable<void> body);

  [[nodiscard]] NatsConfig config() const;
  [[nodiscard]] PullOptions options() const;
  std::shared_ptr<PullSource> source(const PullOptions& options) {
    return source(options, config());
  }
  std::shared_ptr<PullSource> source(const PullOptions& options, const NatsConfig& nats);
  std::shared_ptr<PullSource> source() { return source(options()); }

  /// A connection beside the one under test.
  boost::asio::awaitable<std::shared_ptr<Link>> connect();
  boost::asio::awaitable<JetStreamAnswer> api(std::string call, boost::json::object request = {});
  /// Makes the stream, and the consumer with a short ack_wait: a server that is killed forgets
  /// acks.
  boost::asio::awaitable<void> make_impatient_consumer();
  boost::asio::awaitable<void> publish(std::size_t count, std::string body = "event");
  boost::asio::awaitable<void> publish_one(std::string subject, std::string body,
                                           Headers headers = {});
  /// Batches of the source until there are `count` messages.
  static boost::asio::awaitable<Batch> collect(PullSource& source, std::size_t count);
  boost::asio::awaitable<ConsumerInfo> consumer();
  boost::asio::awaitable<StreamInfo> stream(std::string name);
  /// Returns when the condition holds; throws when it does not within 20 s.
  boost::asio::awaitable<void> until(std::function<boost::asio::awaitable<bool>()> condition);
  /// Until so many messages are delivered and not acked.
  boost::asio::awaitable<void> until_ack_pending(std::uint64_t count);

  static constexpr const char* stream_name = "PREFECT_TASKS";
  static constexpr const char* durable = "worker";
  static constexpr const char* subject = "prefect.tasks.run";

  TemporaryFolder folder_;
  Lines log_;
  EmbeddedServer server_;
  boost::asio::io_context io_;

 private:
  std::shared_ptr<Link> link_;
};

}  // namespace hangar::test
