#pragma once

#include <chrono>
#include <string>

namespace hangar {

/// The time as JetStream writes and reads it, in UTC, with microseconds: what is below them is cut.
std::string utc_text(std::chrono::sys_time<std::chrono::nanoseconds> time);

}  // namespace hangar
