#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hangar {

/// ` (did you mean 'batch_size'?)` when one of the known words is at most two edits away, one of
/// two letters only one, else nothing; the closest wins, then the first.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

}  // namespace hangar
