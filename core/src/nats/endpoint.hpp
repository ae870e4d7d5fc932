#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/config.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// One server to connect to, with what it takes to be let in. Only `address` may be shown.
struct Endpoint {
  std::string host;
  std::uint16_t port = 4222;
  bool tls = false;
  /// The name that the server's certificate must carry.
  std::string tls_name;
  std::string user;
  Secret password;
  Secret token;

  /// `nats://host:port` or `tls://host:port`; holds no secret.
  [[nodiscard]] std::string address() const;
  bool operator==(const Endpoint&) const = default;
};

/// The servers of the configuration. An element may be several URLs separated by commas (see
/// `list_elements`); a URL's user part wins over the settings. Throws ConfigError, without a
/// secret, for what is no server, and for a password or token that would travel in clear text to
/// another machine.
std::vector<Endpoint> endpoints(const NatsConfig& config);

/// A server that another one told of (`host:port`), let in the same way.
Endpoint discovered(const Endpoint& teller, std::string_view url);

}  // namespace hangar
