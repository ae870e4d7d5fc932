#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hangar {

/// A moment that a person wrote: a duration before `now` (`30m`, `2h`, `1d`), or a time as in
/// RFC 3339, of which clock, seconds and offset may be left out; without an offset it is UTC.
/// Nothing when it is neither.
std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> parse_since(
    std::string_view text, std::chrono::sys_time<std::chrono::nanoseconds> now);

}  // namespace hangar
