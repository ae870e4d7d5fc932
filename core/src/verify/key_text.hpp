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

}  // namespace hangar
