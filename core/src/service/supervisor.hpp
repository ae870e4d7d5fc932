#pragma once

#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hangar/host.hpp"
#include "hangar/plugin.hpp"
#include "hangar/service.hpp"
#include "service/resources.hpp"

namespace hangar {

/// One service over all of its runs: who it is, what it was given, its state and why it failed.
/// Every member is for its strand, or for the one thread that runs its executor.
class Supervisor {
 public:
  /// `service_factory` is configured.
  Supervisor(const boost::asio::any_io_executor& executor, const Plugin& plugin,
             std::unique_ptr<ServiceFactory> service_factory);

  const std::string name;
  const std::string version;
  const std::string description;
  const std::unique_ptr<ServiceFactory> factory;
  Fields fields;
  const boost::asio::strand<boost::asio::any_io_executor> strand;
  // Given before the first run.
  std::unique_ptr<Log> log;
  std::unique_ptr<Metrics> metrics;
  ServiceResources resources;
  /// Called after each change of state or failure; may be empty.
  std::function<void()> changed;

  // As HostedService has them.
  [[nodiscard]] ServiceState state() const noexcept { return state_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] Event& started() noexcept { return started_; }
  boost::asio::awaitable<void> run(std::optional<int> max_persist_retries);
  boost::asio::awaitable<void> stop();

  // For the context of a run.
  [[nodiscard]] Event& stopping() noexcept { return stopping_; }
  boost::asio::awaitable<std::shared_ptr<Source>> open_source(const SourceOptions& options);
  /// Nothing more is pulled while true.
  void pause_source(bool paused);
  void not_ready(std::string why);

 private:
  void become(ServiceState next);

  ServiceState state_ = ServiceState::stopped;
  std::string failure_;
  Event started_;
  Event stopping_;
  Event stopped_;
  std::shared_ptr<ServiceSource> source_;
};

}  // namespace hangar
