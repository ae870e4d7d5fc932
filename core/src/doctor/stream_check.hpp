#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hangar/storage.hpp"
#include "jetstream/stream_info.hpp"
#include "nats/greeting.hpp"

namespace hangar {

/// What `hangar doctor` says of a server's greeting; `elsewhere`: the streams are in the JetStream
/// of another server.
std::vector<Check> check_greeting(const std::string& address, const Greeting& greeting,
                                  bool elsewhere = false);

/// Of a stream that a service uses; `clustered`: the server is one of a cluster; `drops_oldest`: it
/// is to make room for what is new (`Publishes::max_bytes`).
std::vector<Check> check_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age,
                                bool clustered, bool drops_oldest = false);

/// Of the consumer that the service reads it by; `credit` is how many messages it holds at most.
std::vector<Check> check_consumer(const StreamInfo& stream, const ConsumerInfo& consumer,
                                  const std::string& filter, std::size_t credit);

/// Of the stream of dead letters.
std::vector<Check> check_dead_letters(const StreamInfo& stream, std::uint64_t max_payload);

}  // namespace hangar
