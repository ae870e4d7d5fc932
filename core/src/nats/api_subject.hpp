#pragma once

#include <string>
#include <string_view>

#include "host/host_config.hpp"

namespace hangar {

/// What the subjects of the API begin with of the JetStream that a server itself runs.
inline constexpr std::string_view server_api = "$JS.API.";

/// What the subjects of JetStream's API begin with, the last dot included: `server_api`,
/// `$JS.<domain>.API.` or `<api_prefix>.`. Throws ConfigError for what can be none, and when both a
/// domain and a prefix are given.
std::string api_prefix(const HostConfig::Nats& nats);

/// What inboxes begin with, without a dot at the end. Throws ConfigError for what can be none.
std::string inbox_prefix(const HostConfig::Nats& nats);

}  // namespace hangar
