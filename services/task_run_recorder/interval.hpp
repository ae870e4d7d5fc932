#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::recorder {

/// The duration that a string stands for, as pydantic reads it: ISO 8601 (`PT1.5S`, a year is 365
/// days, a month 30), `[D days, ]HH:MM[:SS[.ffffff]]`, with a sign. None where pydantic refuses.
std::optional<Interval> parse_interval(std::string_view text);

/// A number of seconds as a duration.
std::optional<Interval> interval_of(std::int64_t seconds) noexcept;
std::optional<Interval> interval_of(double seconds) noexcept;

}  // namespace hangar::recorder
