#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nats/endpoint.hpp"

namespace hangar {

/// What a NATS server tells everybody who connects, before it asks who that is.
struct Greeting {
  std::string version;
  std::string cluster;  ///< Its name; empty for a server that is alone.
  std::uint64_t max_payload = 0;
  bool jetstream = false;
  std::string server_name{};
  std::string domain{};  ///< The JetStream domain of the server itself; may be empty.
};

/// Reads the line that begins `INFO `. Throws Error when it is none.
Greeting parse_greeting(std::string_view line);

/// Connects, listens and hangs up. Blocks for 5 s at most. Throws TransientError when nobody greets
/// there; a server that wants TLS first is such a one.
Greeting greeting_of(const Endpoint& server);

}  // namespace hangar
