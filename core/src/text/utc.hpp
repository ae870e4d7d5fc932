#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// The time as JetStream writes and reads it, in UTC, with microseconds: what is below them is cut.
std::string utc_text(std::chrono::sys_time<std::chrono::nanoseconds> time);

/// A time as in RFC 3339, of which clock, seconds and offset may be left out; without an offset it
/// is UTC. Nothing when it is none, or before 1970.
std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> parse_utc(std::string_view text);

}  // namespace hangar
