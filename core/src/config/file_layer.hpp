#pragma once

#include <filesystem>

#include "config/candidate.hpp"
#include "config/sections.hpp"

namespace hangar {

/// Puts what a file says over the candidates; of a folder every `*.yaml` in order of name.
///
/// Maps merge, lists and scalars replace. Checks names and shapes, not values. `x-…` keys and
/// `version: 1` at the root are read by nobody, and so are the settings of refused services.
void read_file_layer(const std::filesystem::path& path, const Sections& sections,
                     Candidates& candidates, Problems& problems);

}  // namespace hangar
