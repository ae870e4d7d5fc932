#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "hangar/log.hpp"
#include "host/host_config.hpp"
#include "nats/dead_letter.hpp"

namespace hangar {

struct DeadLetterQuery {
  std::string service;       ///< Empty: of every service.
  std::size_t limit = 1000;  ///< The oldest ones; bounds memory.
  std::chrono::milliseconds patience{10'000};
};

/// The dead letters that the stream holds, oldest first, without their bodies; none when there is
/// no such stream. Blocks. Throws ConfigError, or TransientError when the server cannot be reached.
std::vector<DeadLetter> list_dead_letters(const HostConfig::Nats& nats,
                                          const DeadLetterQuery& query, Log& log);

}  // namespace hangar
