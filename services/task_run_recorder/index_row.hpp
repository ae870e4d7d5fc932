#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hangar::recorder {

/// The most bytes that a row of a PostgreSQL B-tree index may have (a third of an 8 KiB page); no
/// storage has a greater limit.
inline constexpr std::size_t longest_index_row = 2704;

/// How many bytes PostgreSQL 15 needs for an index row of a uuid, if `with_uuid`, and these texts:
/// values beyond 506 bytes are compressed with pglz where that saves something. `nulls` tells that
/// a column of the index is NULL. Exact up to `longest_index_row`, beyond that merely larger than
/// it.
std::size_t index_row_bytes(std::span<const std::string_view> texts, bool with_uuid, bool nulls);

/// The bytes that pglz's default strategy makes of the text, without a header, or none when it
/// gives up or would need more than `longest_index_row`.
std::optional<std::size_t> pglz_bytes(std::string_view text);

}  // namespace hangar::recorder
