#pragma once

#include <optional>
#include <string_view>

#include "prefect/zoned_time.hpp"

namespace hangar::prefect {

/// The times that Prefect's second parser takes (pendulum 3, strict): ISO 8601 in basic and
/// extended form, with calendar, week or ordinal dates; `YYYY/MM/DD` and `YYYY:MM:DD` with a time;
/// a time of day, which is today's; and `now`. Without an offset UTC. The rows tell, for each form,
/// what the reference makes of it; durations and intervals are no times.
std::optional<ZonedTime> parse_loose_time(std::string_view text, Timestamp now);

}  // namespace hangar::prefect
