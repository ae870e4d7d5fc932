#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hangar {

/// Milliseconds of a duration as Prefect's variables have it, which Python reads: ISO 8601
/// (`PT15M`, `P1DT12H`; a year is 365 days, a month 30), a clock (`01:30:00`), days (`7 days`), or
/// both (`7 days, 01:30:00`). Nothing for anything else, and below a millisecond.
std::optional<std::int64_t> parse_timedelta(std::string_view text);

}  // namespace hangar
