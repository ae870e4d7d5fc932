#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::bench {

/// What one transaction of the persister leaves.
struct FinalEvents {
  Rows events;
  Rows resources;
};

/// The final rows of each transaction, ready before a clock starts, when `writers` share the events
/// and each takes `batch` of its own at a time. The texts live in `memory`. By writer, in order.
std::vector<std::vector<FinalEvents>> final_events(std::span<const std::string_view> events,
                                                   std::size_t writers, std::size_t batch,
                                                   std::pmr::memory_resource& memory);

}  // namespace hangar::bench
