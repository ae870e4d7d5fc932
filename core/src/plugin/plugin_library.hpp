#pragma once

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "hangar/plugin.hpp"

namespace hangar {

/// A plugin that was found: loaded, or refused with a reason. A loaded library stays loaded for the
/// life of the process.
struct FoundPlugin {
  std::filesystem::path path;
  const Plugin* plugin = nullptr;  ///< Null when refused.
  std::string refusal;
  bool switched_off = false;  ///< Whether it was refused, and the settings do not want it either.
};

/// Where the host's own library is.
std::filesystem::path library_folder();

/// Loads one file, or says why not. Never throws for what it contains.
FoundPlugin load_plugin(const std::filesystem::path& path);

/// The folder of plugins beside it.
std::filesystem::path default_plugin_folder();

/// Looks at every `*.so` of the folders, in order of name; the first of a kind and name wins, a
/// later one is refused. Never throws for what a file contains. A folder that is absent or
/// unreadable appears as a refusal.
std::vector<FoundPlugin> find_plugins(const std::vector<std::filesystem::path>& folders);

}  // namespace hangar
