#pragma once

#include <nats/nats.h>

#include <string>

namespace hangar {

/// What to do about a server that hangs up before it greets.
std::string tls_first_remedy();

/// Lets TLS begin before the server greets. Throws ConfigError when this cnats cannot.
void set_tls_first(natsOptions* options);

}  // namespace hangar
