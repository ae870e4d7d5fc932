#pragma once

#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hangar/host.hpp"
#include "hangar/log.hpp"
#include "hangar/service.hpp"
#include "hangar/storage.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// A source as the host sees it.
struct SourceHandle {
  std::unique_ptr<Source> source;
  /// Returns when it pulls, or when it was stopped before.
  std::function<boost::asio::awaitable<void>()> open;
  /// From then on `next` returns an empty batch. Any time, any number of times.
  std::function<void()> stop;
  /// Nothing more is pulled while true; on the service's strand. May be empty.
  std::function<void(bool paused)> pause{};
  /// After the service has ended: returns when its last answers are sent.
  std::function<boost::asio::awaitable<void>()> close;
};

/// Where a service gets what it asks its context for.
struct ServiceResources {
  std::function<SourceHandle(const boost::asio::any_io_executor&, const SourceOptions&, Log&)>
      make_source;
  /// Opened at first use; lives as long as the host.
  std::function<Storage&()> storage;
  Creation creation = Creation::never;
  /// Whether a service waits for a storage that does not answer when it starts, or fails.
  bool waits_for_storage = true;
  /// Called on the service's strand after each attempt at a storage operation; may be empty.
  std::function<void(const StorageOutcome&)> storage_outcome;
};

/// Everything about one service that outlives its runs.
class HostedService::Wiring {
 public:
  Wiring(const boost::asio::any_io_executor& executor, const Plugin& plugin,
         std::unique_ptr<ServiceFactory> service_factory);

  std::string name;
  std::string version;
  std::string description;
  std::unique_ptr<ServiceFactory> factory;
  Fields fields;
  boost::asio::strand<boost::asio::any_io_executor> strand;
  std::unique_ptr<Log> log;
  std::unique_ptr<Metrics> metrics;
  ServiceResources resources;
  /// Called after each change of state.
  std::function<void()> changed;

  ServiceState state = ServiceState::stopped;
  std::string failure;
  Event started;
  Event stopping;
  Event stopped;
  SourceHandle source;

  /// The body of `HostedService::start`, on the strand.
  boost::asio::awaitable<void> run(std::optional<int> max_persist_retries);
  boost::asio::awaitable<void> stop();

 private:
  void become(ServiceState next);
};

}  // namespace hangar
