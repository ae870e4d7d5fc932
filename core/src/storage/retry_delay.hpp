#pragma once

#include <chrono>
#include <cstddef>

#include "hangar/error.hpp"

namespace hangar {

/// How long to wait before the attempt after `failures` failures in a row: a lost race at once five
/// times, everything else 50 ms doubling to 5 s, a refusal as a whole 5 s. `jitter` is uniform in
/// [0, 1) and spreads the upper half of each delay.
std::chrono::milliseconds retry_delay(TransientError::Retry retry, std::size_t failures,
                                      double jitter);

}  // namespace hangar
