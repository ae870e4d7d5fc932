#pragma once

#include <memory>
#include <string>
#include <vector>

#include "embedded/embedded_server.hpp"
#include "hangar/log.hpp"
#include "host/installation.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// Throws ConfigError when `embedded` is named and cannot be used: beside other servers.
void check_embedded(const NatsConfig& nats);

/// The server that a command talks to: the configured one, or the embedded one, which all processes
/// on a folder share.
class NatsServer {
 public:
  /// Blocks until an embedded server is ready. Throws ConfigError.
  NatsServer(const Installation& installation, Log& log);

  /// The settings with URL and token of the embedded server in the place of
  /// `embedded`.
  [[nodiscard]] const NatsConfig& settings() const noexcept { return settings_; }
  /// Where it is, without passwords.
  [[nodiscard]] std::vector<std::string> shown_urls() const;
  /// Why an embedded server has no room for its store at present; empty when it has.
  [[nodiscard]] std::string trouble() const;

 private:
  NatsConfig settings_;
  std::unique_ptr<EmbeddedServer> server_;
};

}  // namespace hangar
