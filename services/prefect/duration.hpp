#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::prefect {

/// A duration as Python's timedelta holds it: up to 999,999,999 days either way.
struct Duration {
  bool negative = false;
  std::uint64_t seconds = 0;
  std::uint32_t microseconds = 0;

  /// None beyond 106,751,991 days, where microseconds no longer fit 64 bits.
  [[nodiscard]] std::optional<Interval> interval() const noexcept;
};

/// The duration that a string stands for, as pydantic reads it: ISO 8601 (`PT1.5S`, a year is 365
/// days, a month 30), `[D days, ]HH:MM[:SS[.ffffff]]`, with a sign. None where pydantic refuses.
std::optional<Duration> parse_duration(std::string_view text);

/// A number of seconds as a duration.
std::optional<Duration> duration_of(std::int64_t seconds) noexcept;
std::optional<Duration> duration_of(double seconds) noexcept;

}  // namespace hangar::prefect
