#pragma once

#include <cstddef>

namespace hangar::prefect {

/// Prefect's settings `server.events.maximum_*` with Prefect's defaults.
struct EventLimits {
  std::size_t labels_per_resource = 500;
  std::size_t related_resources = 100;
  std::size_t event_name_length = 1024;  ///< In characters.
};

}  // namespace hangar::prefect
