#pragma once

#include <string_view>

#include "out/event_filter.hpp"
#include "out/seen_event.hpp"

namespace hangar::gateway {

// Both throw TooManySteps.

/// Whether a live event is one that the subscriber wants: Prefect's `EventFilter.includes`, which
/// does not look at related resources.
bool includes(const EventFilter& filter, const SeenEvent& event);

/// Whether a stored event is one: what Prefect asks PostgreSQL for. `searched` is what a search
/// looks at, in lower case.
bool selects(const EventFilter& filter, const SeenEvent& event, std::string_view searched);

}  // namespace hangar::gateway
