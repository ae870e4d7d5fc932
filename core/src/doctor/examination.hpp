#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "hangar/log.hpp"
#include "hangar/source.hpp"
#include "hangar/storage.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/greeting.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

struct Examined {
  std::vector<Check> checks;
  bool reached = false;  ///< Otherwise nothing but that is known of the streams.
};

/// Looks at the servers and at the streams and consumers of these sources; changes nothing. What is
/// not there it makes under another name, to see whether `hangar run` could, and deletes it. Blocks
/// for half a minute at most. Throws ConfigError for settings that cannot be used.
Examined examine_nats(const NatsConfig& nats, const std::vector<SourceOptions>& sources, Log& log);

}  // namespace hangar
