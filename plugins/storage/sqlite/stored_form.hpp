#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "hangar/storage.hpp"

/// The forms in which SQLAlchemy and Prefect 3 keep values in SQLite files.
namespace hangar::sqlite {

/// Large enough for any form below; the results are views of it.
using FormBuffer = std::array<char, 40>;

/// 36 lower-case characters.
std::string_view write_uuid(const Uuid& value, FormBuffer& buffer) noexcept;
/// `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, or nothing outside of the years 1 to 9999.
std::optional<std::string_view> write_time(Timestamp value, FormBuffer& buffer) noexcept;
/// The time that lies this long after 1970-01-01 (SQLAlchemy's `Interval`), or nothing when that is
/// outside of the years 1 to 9999.
std::optional<std::string_view> write_interval(Interval value, FormBuffer& buffer) noexcept;

/// The reverse; nothing when the text is in no such form. Upper-case UUIDs, and times with fewer
/// digits of the second, are taken.
std::optional<Uuid> read_uuid(std::string_view text) noexcept;
std::optional<Timestamp> read_time(std::string_view text) noexcept;
/// Also takes the `0` that Prefect's own tables have as the default.
std::optional<Interval> read_interval(std::string_view text) noexcept;

/// Whether a JSON column would change this text: it has NUMERIC affinity, which turns `1.0` into 1
/// and long integers into floating point. Such numbers are kept as BLOBs, which Python's
/// `json.loads` reads as well.
bool loses_number_form(std::string_view json) noexcept;

}  // namespace hangar::sqlite
