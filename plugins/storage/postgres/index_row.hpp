#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "hangar/table.hpp"

namespace hangar::postgres {

/// The most bytes that a row of a B-tree index may have: a third of an 8 KiB page.
inline constexpr std::size_t longest_index_row = 2704;

/// How many bytes PostgreSQL 15 needs for a row of a B-tree index of these values: texts beyond 506
/// bytes are compressed with pglz where that saves something. Exact up to `longest_index_row`,
/// beyond that merely larger than it.
std::size_t index_row_bytes(std::span<const Cell> values);

/// `StorageLimits::index_takes`.
bool index_takes(std::span<const Cell> values);

/// The bytes that pglz's default strategy makes of the text, without a header, or none when it
/// gives up or would need more than `longest_index_row`.
std::optional<std::size_t> pglz_bytes(std::string_view text);

}  // namespace hangar::postgres
