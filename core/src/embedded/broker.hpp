#pragma once

#include <memory>

#include "embedded/embedded_server.hpp"
#include "hangar/log.hpp"
#include "host/host_config.hpp"
#include "host/installation.hpp"

namespace hangar {

/// Throws ConfigError when `embedded` is named and cannot be used: beside other servers.
void check_embedded(const HostConfig::Nats& nats);

/// The server that a command talks to: the configured one, or the embedded one, which all processes
/// on a folder share.
class Broker {
 public:
  /// Blocks until an embedded server is ready. Throws ConfigError.
  Broker(const Installation& installation, Log& log);

  /// The settings with URL and token of the embedded server in the place of
  /// `embedded`.
  [[nodiscard]] const HostConfig::Nats& settings() const noexcept { return settings_; }

 private:
  HostConfig::Nats settings_;
  std::unique_ptr<EmbeddedServer> server_;
};

}  // namespace hangar
