#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::prefect {

/// In microseconds, the unit of every time here.
inline constexpr std::int64_t one_second = 1'000'000;

/// A time as it was written: the clock on the wall and its offset from UTC. JSON cells keep the
/// offset, columns hold the instant.
struct ZonedTime {
  std::int64_t wall = 0;    ///< Microseconds of the wall clock since 1970-01-01T00:00.
  std::int32_t offset = 0;  ///< Seconds east of UTC.

  bool operator==(const ZonedTime&) const = default;
  /// None when no timestamp can hold it: before the year 1 or after 9999 in UTC, or with an offset
  /// of a day or more.
  [[nodiscard]] std::optional<Timestamp> instant() const noexcept;
  static ZonedTime utc(Timestamp instant) noexcept;
};

/// The fields of a calendar date and a clock, as a text gives them.
struct WallClock {
  int year = 1;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned microsecond = 0;

  /// Microseconds since 1970-01-01T00:00, or none when Python's `datetime` has no such time.
  [[nodiscard]] std::optional<std::int64_t> microseconds() const noexcept;
};

/// Appends the form that Prefect gives a time in JSON: `2026-11-20T00:00:00.000124Z`, without a
/// fraction when it is zero, with `+01:00` for another offset.
void append_time(std::string& out, const ZonedTime& time);

}  // namespace hangar::prefect
