#pragma once

#include <string>

#include "hangar/log.hpp"
#include "nats/nats_config.hpp"

namespace hangar::cli {

/// Throws TransientError when NATS cannot be reached within 10 s: a host would wait for it, a
/// person who gave a command wants to know. `command` names who connects.
void reach_nats(const NatsConfig& nats, const std::string& command, Log& log);

}  // namespace hangar::cli
