#pragma once

#include <boost/asio/strand.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hangar/host.hpp"
#include "hangar/plugin.hpp"
#include "hangar/service.hpp"
#include "service/resources.hpp"

namespace hangar {

class ServiceContext;

/// One service over all of its runs: who it is, what it was given, its state and why it failed.
/// Every member is for its strand, or for the one thread that runs its executor.
class Supervisor {
 public:
  /// `service_factory` is configured.
  Supervisor(const boost::asio::any_io_executor& executor, const Plugin& plugin,
             std::unique_ptr<ServiceFactory> service_factory);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

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
  /// What came of one call of `run`, for whoever waits for that run and for no other.
  enum class Call { waits, runs, refused };
  // Neither is to be cancelled. `call` stays until the end.
  boost::asio::awaitable<void> run(std::optional<int> max_persist_retries, Call* call = nullptr);
  boost::asio::awaitable<void> stop();
  /// Asks the service to end, if it runs.
  void begin_to_stop();
  /// Returns whether the service was made in that run, once it is or will not be.
  boost::asio::awaitable<bool> begun(const Call& call);

  // For the context of a run.
  [[nodiscard]] Event& stopping() noexcept { return stopping_; }
  void not_ready(std::string why);
  /// The run ends, and with this failure unless it has one of its own.
  void fail(std::exception_ptr failure);

 private:
  void become(ServiceState next);
  boost::asio::awaitable<void> run_once();

  ServiceState state_ = ServiceState::stopped;
  std::string failure_;
  Event started_;
  Event stopping_;
  Event stopped_;
  Condition state_changed_;
  std::exception_ptr failed_;
  bool begun_ = false;  ///< Whether the service was made in this run, or the last.
  const std::unique_ptr<ServiceContext> context_;
};

}  // namespace hangar
