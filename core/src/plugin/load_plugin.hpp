#pragma once

#include <filesystem>

#include "plugin/plugin_library.hpp"

namespace hangar {

/// Loads one file, or says why not. Never throws for what it contains.
FoundPlugin load_plugin(const std::filesystem::path& path);

}  // namespace hangar
