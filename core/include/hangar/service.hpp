#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "hangar/config.hpp"
#include "hangar/error.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/plugin.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"

/// All that a service author needs: derive `Config` from `ServiceConfig` or use it as it is, write
/// `run()`, and end the file with `HANGAR_PLUGIN`.
namespace hangar {

/// The settings that every service has. A service changes the defaults in its constructor and adds
/// its own members in its own `fields()`.
struct ServiceConfig {
  bool enabled = true;
  std::string stream = "PREFECT_EVENTS";
  std::string filter_subject = "prefect.events.>";
  std::string durable;
  std::int64_t batch_size = 1000;
  Duration flush_interval{20};

  void fields(Fields& fields) {
    fields.add("enabled", &enabled, "Whether `hangar run` runs this service");
    fields.add("stream", &stream, "JetStream stream to read; created when absent");
    fields.add("filter_subject", &filter_subject, "Subject that the consumer filters on");
    fields.add("durable", &durable, "Name of the durable consumer; created when absent");
    fields.add("batch_size", &batch_size, "The most messages that are handled together")
        .range(1, 10'000);
    fields.add("flush_interval", &flush_interval, "The longest that a message waits for others")
        .range(0, 60'000);
  }

  [[nodiscard]] SourceOptions source(std::size_t lanes = 1) const {
    return {stream, filter_subject, durable, static_cast<std::size_t>(batch_size), lanes};
  }
};

/// What the host gives to a service. Used on the service's executor.
class HANGAR_API Context {
 public:
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  virtual ~Context();

  [[nodiscard]] virtual std::string_view service() const noexcept = 0;
  /// A strand: two coroutines of one service never run at the same time.
  [[nodiscard]] virtual boost::asio::any_io_executor executor() const = 0;
  [[nodiscard]] virtual Log& log() const noexcept = 0;
  [[nodiscard]] virtual Metrics& metrics() const noexcept = 0;
  /// True from the moment the host wants this service to end.
  [[nodiscard]] virtual bool stopping() const noexcept = 0;
  /// What `start(max_persist_retries)` was called with, if anything.
  [[nodiscard]] virtual std::optional<int> max_persist_retries() const noexcept = 0;
  /// Says, in a sentence, what keeps the running service from its work: the host is not ready, and
  /// /readyz, /status, `services ls` and `doctor` name it, until an empty text takes it back.
  virtual void not_ready(std::string why) = 0;

  /// Connects for as long as it takes, creates or checks stream and consumer, and begins to pull;
  /// from then on the service counts as started. The service may drop it at any time.
  virtual boost::asio::awaitable<std::shared_ptr<Source>> open_source(SourceOptions options) = 0;

  /// Opens the storage with up to `lanes` sessions, each on a thread of its own, and checks or
  /// creates the tables, which outlive the service. Retries while the database cannot be reached.
  /// Returns how many lanes there are: no more than the storage can serve at the same time.
  virtual boost::asio::awaitable<std::size_t> open_storage(std::span<const Table* const> tables,
                                                           std::size_t lanes) = 0;
  /// Of the storage.
  [[nodiscard]] virtual StorageLimits storage_limits() const = 0;

  /// Runs `work` in one transaction on the lane's storage thread; returns when it is durable.
  /// `work` may run several times: after a TransientError it is tried again, with backoff, for as
  /// long as the host is not stopping, then the TransientError is thrown. Any other exception rolls
  /// back and is thrown. One call at a time for a lane. `work` must not touch the service's state
  /// other than what the caller leaves alone until it returns.
  virtual boost::asio::awaitable<void> transact(std::size_t lane,
                                                std::function<void(Session&)> work) = 0;
  /// The same for a lambda. What it captures by reference stays until the call returns.
  template <class Work>
  boost::asio::awaitable<void> transact(std::size_t lane, Work&& work) {
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
    static_assert(std::is_lvalue_reference_v<Work> || std::is_trivially_destructible_v<Work>,
                  "g++ 12 destroys twice what a lambda in a co_await's arguments has captured by "
                  "value: capture by reference, or give the lambda a name");
#endif
    return transact(lane, std::function<void(Session&)>{std::forward<Work>(work)});
  }
};

class HANGAR_API Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service();

  /// Returns when its source is exhausted, which is how the host stops a service. Throws to fail.
  virtual boost::asio::awaitable<void> run() = 0;
};

namespace detail {
template <class S>
struct ServiceOf final : ServiceFactory {
  typename S::Config config;
  void fields(Fields& fields) override { config.fields(fields); }
  [[nodiscard]] bool enabled() const override { return config.enabled; }
  [[nodiscard]] std::unique_ptr<Service> make(Context& context) const override {
    return std::make_unique<S>(context, config);
  }
};
}  // namespace detail

/// The description of a service class `S` with a nested `Config` and a constructor
/// `S(Context&, Config)`.
template <class S>
constexpr Plugin service_plugin(const char* name, const char* plugin_version, const char* summary) {
  Plugin plugin;
  plugin.kind = Plugin::Kind::service;
  plugin.name = name;
  plugin.version = plugin_version;
  plugin.summary = summary;
  plugin.make_service = []() -> ServiceFactory* { return new detail::ServiceOf<S>; };
  return plugin;
}

}  // namespace hangar
