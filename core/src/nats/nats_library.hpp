#pragma once

#include <nats/nats.h>

#include <cstdint>

namespace hangar {

/// Ends with the threads of cnats: one that still ends while the process exits would run in memory
/// that is gone. Outlives every connection.
class NatsLibrary {
 public:
  NatsLibrary() = default;
  NatsLibrary(const NatsLibrary&) = delete;
  NatsLibrary& operator=(const NatsLibrary&) = delete;
  ~NatsLibrary() {
    constexpr std::int64_t within_ms = 2'000;
    nats_CloseAndWait(within_ms);
  }
};

}  // namespace hangar
