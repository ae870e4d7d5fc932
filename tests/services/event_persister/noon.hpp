#pragma once

#include <chrono>

#include "hangar/storage.hpp"

namespace hangar::persister {

/// When the tests' events are received.
inline constexpr Timestamp noon{std::chrono::sys_days{std::chrono::November / 20 / 2026} +
                                std::chrono::hours{12}};

}  // namespace hangar::persister
