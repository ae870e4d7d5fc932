#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::bench {

/// What one transaction leaves: rows of runs that were not there, whole rows of runs that were, and
/// rows of states.
struct FinalRows {
  Rows inserts;
  Rows updates;
  Rows states;
};

/// The final rows of each transaction, ready before a clock starts, when `writers` share the events
/// and each takes `batch` of its own at a time; a run's events have one writer. The texts live in
/// `memory`. By writer, in order.
std::vector<std::vector<FinalRows>> final_rows(std::span<const std::string_view> events,
                                               std::size_t writers, std::size_t batch,
                                               std::pmr::memory_resource& memory);

}  // namespace hangar::bench
