#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "hangar/callable.hpp"
#include "hangar/command.hpp"
#include "hangar/config.hpp"
#include "hangar/consumer.hpp"
#include "hangar/error.hpp"
#include "hangar/lease.hpp"
#include "hangar/listener.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/needs.hpp"
#include "hangar/plugin.hpp"
#include "hangar/publisher.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "hangar/together.hpp"

/// All that a service author needs: derive `Config` from `ServiceConfig` or `ReaderConfig`, or use
/// one as it is, say in `needs(config)` what the host is to get ready, write `run()`, and end the
/// file with `HANGAR_PLUGIN`.
namespace hangar {

/// The setting that every service has. A service changes defaults in its constructor and adds its
/// own members in its own `fields()`.
struct ServiceConfig {
  bool enabled = true;

  void fields(Fields& fields) {
    fields.add("enabled", &enabled, "Whether `hangar run` runs this service");
  }
};

/// The settings of a service that reads one stream, with the service's own defaults of the three.
struct ReaderConfig : ServiceConfig {
  ReaderConfig(std::string from, std::string filter, std::string consumer)
      : stream{std::move(from)}, filter_subject{std::move(filter)}, durable{std::move(consumer)} {}

  std::string stream;
  std::string filter_subject;
  std::string durable;
  std::int64_t batch_size = 1000;
  Duration flush_interval{20};

  void fields(Fields& fields) {
    ServiceConfig::fields(fields);
    fields.add("stream", &stream, "JetStream stream to read; created when absent");
    fields.add("filter_subject", &filter_subject, "Subject that the consumer filters on");
    fields.add("durable", &durable, "Name of the durable consumer; created when absent");
    fields.add("batch_size", &batch_size, "The most messages that are handled together")
        .range(1, 10'000);
    fields.add("flush_interval", &flush_interval, "The longest that a message waits for others")
        .range(0, 60'000);
  }

  [[nodiscard]] SourceOptions source() const {
    return {stream, filter_subject, durable, static_cast<std::size_t>(batch_size)};
  }
};

/// What the host gives to a service, on whose executor it is used. All that the service declares in
/// `needs` is ready when it is made, and outlives it. Once `run` has ended, sources and all else
/// that came from here are gone, and a call of the context throws std::logic_error.
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

  /// Returns when the host wants this service to end; at once from then on.
  virtual boost::asio::awaitable<void> stopped() = 0;
  /// The same, but not later than after `most`; whether the host wants this service to end.
  virtual boost::asio::awaitable<bool> stopped_within(std::chrono::milliseconds most) = 0;

  /// The one that `Needs::reads` or `Needs::live` has by that name; it pulls already. Throws
  /// std::logic_error when there is none.
  virtual Source& source(std::string_view name = "main") = 0;

  /// Reads again what the stream of the live source of that name holds by now, from a position on:
  /// calls `visit` with each message, in their order. Returns whether it has come to the end, and
  /// not because `visit` returned false or the host wants this service to end. Each such call takes
  /// a connection and the memory of a source, so that the service bounds how many there are at a
  /// time. Throws std::logic_error when `Needs::live` has no such name, and for position 0.
  virtual boost::asio::awaitable<bool> reread(
      std::string live, std::uint64_t from,
      Callable<boost::asio::awaitable<bool>(const Message&)> visit) = 0;

  /// Where it publishes. Throws std::logic_error for a service that declares no stream for that.
  virtual Publisher& publisher() = 0;

  /// The one that `Needs::steers` has by that name. Throws std::logic_error when there is none.
  virtual Consumer& consumer(std::string_view durable) = 0;

  /// Runs `work` at once and then each `period`, on the one of all hosts of this service that holds
  /// the lease, which has a name of `Needs::leases`; returns when the host wants this service to
  /// end. What `work` throws is logged and counted, and it is run again at the next period. A host
  /// that ends gives the lease up at once. The lease of one that dies is over after the period, but
  /// not before 1 s and not after 30 s; another host takes it within a third of that time more. Two
  /// hosts may do the work at once for a moment, so that it must be harmless: see `Lease::held`.
  /// Returns at once in a run that ends by itself (`verify`, `replay`, `run --until-drained`).
  /// Throws std::logic_error for a name that is not there or in use, and a period below 1 ms.
  virtual boost::asio::awaitable<void> every(
      std::string lease, std::chrono::milliseconds period,
      Callable<boost::asio::awaitable<void>(const Lease&)> work) = 0;
  /// The one that `Needs::listens` has by that name; it listens already. Throws std::logic_error
  /// when there is none.
  virtual Listener& listener(std::string_view name = "http") = 0;

  /// How many lanes there are, each with a session and a thread of its own; none for a service
  /// without tables. Without `Needs::background_lanes`, which come behind these.
  [[nodiscard]] virtual std::size_t lanes() const noexcept = 0;
  /// Of the storage.
  [[nodiscard]] virtual StorageLimits storage_limits() const = 0;

  /// Runs `work` in one transaction on the thread of the lane, which counts from 0; returns when it
  /// is durable. Where tables can wait, it begins when they are ready. `work` may run several
  /// times: after a TransientError it is tried again, with backoff, for as long as the host is not
  /// stopping, then the TransientError is thrown. Any other exception rolls back and is thrown.
  /// Calls for one lane run one after the other. `work` must not touch the service's state other
  /// than what the caller leaves alone until it returns. Throws std::logic_error for a lane that is
  /// not there, and ConfigError when `work` fails at a table that `Needs::tables` does not name and
  /// that is absent, or not as it is declared.
  virtual boost::asio::awaitable<void> transact(std::size_t lane,
                                                Callable<void(Session&)> work) = 0;
};

class HANGAR_API Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service();

  /// Returns when its sources are exhausted or `Context::stopped` does, which is how the host stops
  /// a service. Throws to fail. The service is destroyed then: what it has started to run beside
  /// this has ended before, or needs nothing of it. Several coroutines at once: `together`.
  virtual boost::asio::awaitable<void> run() = 0;
};

namespace detail {
template <class S>
concept DeclaresNeeds = requires(const typename S::Config& config) {
  { S::needs(config) } -> std::same_as<Needs>;
};

template <class S>
struct ServiceOf final : ServiceFactory {
  typename S::Config config;
  void fields(Fields& fields) override { config.fields(fields); }
  [[nodiscard]] bool enabled() const override { return config.enabled; }
  [[nodiscard]] Needs needs() const override {
    if constexpr (DeclaresNeeds<S>) {
      return S::needs(config);
    } else if constexpr (std::is_base_of_v<ReaderConfig, typename S::Config>) {
      return {.reads = {config.source()}};
    } else {
      return {};
    }
  }
  [[nodiscard]] std::unique_ptr<Service> make(Context& context) const override {
    return std::make_unique<S>(context, config);
  }
};

template <class S, auto function>
struct CommandOf;
template <class S, class Settings, class Options,
          boost::asio::awaitable<int> (*function)(Context&, const Settings&, const Options&)>
struct CommandOf<S, function> final : Command {
  explicit CommandOf(const ServiceOf<S>& of) : service{of} {}
  const ServiceOf<S>& service;
  Options chosen;
  void options(Fields& options) override { chosen.fields(options); }
  boost::asio::awaitable<int> run(Context& context) override {
    return function(context, service.config, chosen);
  }
};
}  // namespace detail

/// A command of the service class `S`, for `service_plugin`: `function` is
/// `awaitable<int> (*)(Context&, const S::Config&, const Options&)`, and `Options` has `fields` as
/// a `Config` has. See `Command` for the rest.
template <class S, auto function>
constexpr CommandInfo command(const char* name, const char* summary) {
  CommandInfo info{name, summary};
  info.make_command = [](const ServiceFactory& factory) -> Command* {
    const auto& service = static_cast<const detail::ServiceOf<S>&>(factory);
    return new detail::CommandOf<S, function>{service};
  };
  return info;
}

/// The description of a service class `S` with a nested `Config`, a constructor
/// `S(Context&, Config)`, and, where it needs more than the one stream of a `ReaderConfig`,
/// `static Needs needs(const Config&)`. `commands`, which refers to a constant, are called as
/// `hangar <command_group> <command>`; without that word it is the service's name.
template <class S>
constexpr Plugin service_plugin(const char* name, const char* plugin_version, const char* summary,
                                std::span<const CommandInfo> commands = {},
                                const char* command_group = nullptr) {
  Plugin plugin;
  plugin.kind = Plugin::Kind::service;
  plugin.name = name;
  plugin.version = plugin_version;
  plugin.summary = summary;
  plugin.commands = commands;
  plugin.command_group = command_group != nullptr ? command_group : name;
  plugin.make_service = []() -> ServiceFactory* { return new detail::ServiceOf<S>; };
  return plugin;
}

}  // namespace hangar
