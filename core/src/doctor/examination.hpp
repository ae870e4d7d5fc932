#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "hangar/log.hpp"
#include "hangar/needs.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/greeting.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// What a service needs, with its name.
struct ExaminedService {
  std::string name;
  Needs needs;
};

struct Examined {
  std::vector<Check> checks;
  bool reached = false;  ///< Otherwise nothing but that is known of the streams.
};

/// Looks at the servers and at all that these services need of them; changes nothing. What is not
/// there it makes under another name, to see whether `hangar run` could, and deletes it. Blocks for
/// half a minute at most. Throws ConfigError for settings that cannot be used.
Examined examine_nats(const NatsConfig& nats, const std::vector<ExaminedService>& services,
                      Log& log);

}  // namespace hangar
