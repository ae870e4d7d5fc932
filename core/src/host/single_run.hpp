#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "hangar/plugin.hpp"
#include "hangar/service.hpp"
#include "service/needs_check.hpp"
#include "service/supervisor.hpp"

namespace hangar {

/// One run of a service outside of a Host, for commands. Blocking.
class SingleRun {
 public:
  /// `factory` is configured.
  SingleRun(const Plugin& plugin, std::unique_ptr<ServiceFactory> factory,
            std::unique_ptr<Log> log);

  [[nodiscard]] const std::string& name() const noexcept { return supervisor_.name; }
  [[nodiscard]] Log& log() noexcept { return *supervisor_.log; }

  [[nodiscard]] Needs needs() const {
    return checked_needs(supervisor_.name, *supervisor_.factory);
  }

  /// Runs it until its sources end or SIGINT or SIGTERM comes; returns that signal, or 0. A second
  /// signal ends the process. Throws what the service throws.
  int run(ServiceResources resources);

 private:
  boost::asio::io_context io_{1};
  Supervisor supervisor_;
};

}  // namespace hangar
