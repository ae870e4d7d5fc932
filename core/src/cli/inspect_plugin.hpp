#pragma once

#include <filesystem>

#include "cli/commands.hpp"

namespace hangar::cli {

/// Prints what the file is, what it was built as, and why it is refused.
int inspect_plugin(const std::filesystem::path& file, Output output);

}  // namespace hangar::cli
