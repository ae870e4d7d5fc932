#pragma once

#include <nats/nats.h>

#include <cstdint>

namespace hangar {

/// cnats whose threads wait for a lock instead of spinning, because the one that holds it may need
/// the core; and which ends with them: one that still ends while the process exits would run in
/// memory that is gone. Outlives every connection.
class NatsLibrary {
 public:
  NatsLibrary() noexcept { nats_Open(0); }
  NatsLibrary(const NatsLibrary&) = delete;
  NatsLibrary& operator=(const NatsLibrary&) = delete;
  ~NatsLibrary() {
    constexpr std::int64_t within_ms = 2'000;
    nats_CloseAndWait(within_ms);
  }
};

}  // namespace hangar
