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

/// What `hangar doctor` says of a server's greeting; `elsewhere`: the streams are in the JetStream
/// of another server.
std::vector<Check> check_greeting(const std::string& address, const Greeting& greeting,
                                  bool elsewhere = false);

/// Of a stream that a service reads; `clustered`: the server is one of a cluster.
std::vector<Check> check_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age,
                                bool clustered);

/// Of the consumer that the service reads it by; `credit` is how many messages it holds at most.
std::vector<Check> check_consumer(const StreamInfo& stream, const ConsumerInfo& consumer,
                                  const std::string& filter, std::size_t credit);

/// Of the stream of dead letters.
std::vector<Check> check_dead_letters(const StreamInfo& stream, std::uint64_t max_payload);

struct Examined {
  std::vector<Check> checks;
  bool reached = false;  ///< Otherwise nothing but that is known of the streams.
};

/// Looks at the servers and at the streams and consumers of these sources; changes nothing. What is
/// not there it makes under another name, to see whether `hangar run` could, and deletes it. Blocks
/// for half a minute at most. Throws ConfigError for settings that cannot be used.
Examined examine_nats(const NatsConfig& nats, const std::vector<SourceOptions>& sources, Log& log);

}  // namespace hangar
