#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "prefect/zoned_time.hpp"

namespace hangar::prefect {

/// The time that a string in an event stands for, as Prefect reads it: first RFC 3339 (with `T`,
/// `t`, a blank or `_`; without an offset UTC; digits beyond microseconds cut) or a Unix time in
/// seconds, beyond 2e10 in milliseconds (pydantic's speedate); failing that what `parse_loose_time`
/// takes. `now` gives the date to a time of day.
std::optional<ZonedTime> parse_time(std::string_view text, Timestamp now);

/// A Unix time given as a number, in seconds, beyond 2e10 in milliseconds.
std::optional<ZonedTime> time_of(std::int64_t unix_time) noexcept;
std::optional<ZonedTime> time_of(double unix_time) noexcept;

}  // namespace hangar::prefect
