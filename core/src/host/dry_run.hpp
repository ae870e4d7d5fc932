#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "hangar/plugin.hpp"
#include "hangar/service.hpp"
#include "service/supervisor.hpp"

namespace hangar {

/// What a service asks its host for.
struct ServiceNeeds {
  std::vector<const Table*> tables;
  std::optional<SourceOptions> source;
};

/// One service outside of a Host, for commands that look at what it does. Blocking.
class DryRun {
 public:
  /// `factory` is configured.
  DryRun(const Plugin& plugin, std::unique_ptr<ServiceFactory> factory, std::unique_ptr<Log> log);

  [[nodiscard]] const std::string& name() const noexcept { return supervisor_.name; }
  [[nodiscard]] Log& log() noexcept { return *supervisor_.log; }

  /// Runs the service over nothing: its source is at its end and its storage only hears of the
  /// tables. Throws what the service throws.
  ServiceNeeds needs();

  /// Runs it until its source ends or SIGINT or SIGTERM comes; returns that signal, or 0. A second
  /// signal ends the process. Throws what the service throws.
  int run(ServiceResources resources);

 private:
  boost::asio::io_context io_{1};
  Supervisor supervisor_;
};

}  // namespace hangar
