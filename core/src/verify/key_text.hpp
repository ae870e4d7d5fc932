#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "hangar/storage.hpp"

namespace hangar {

/// The columns of a primary or unique key as a text that is the same for the same values only;
/// nothing when one of them is null, for then no unique key holds.
std::optional<std::string> key_text(std::span<const Cell> cells,
                                    std::span<const std::size_t> columns);

/// The same of its primary key, an update's too. Throws std::logic_error, which names the table and
/// the column, for a row that has none, which every database refuses.
std::string primary_key_text(const Table& table, std::span<const Cell> cells);

}  // namespace hangar
