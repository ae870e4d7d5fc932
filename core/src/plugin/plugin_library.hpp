#pragma once

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "hangar/plugin.hpp"

namespace hangar {

/// A plugin that was found: used, hidden by one that comes first, or refused with a reason. A
/// loaded library stays loaded for the life of the process.
struct FoundPlugin {
  std::filesystem::path path;
  const Plugin* plugin = nullptr;   ///< Null when it is not used.
  std::string refusal;              ///< Empty when it is not refused.
  std::filesystem::path hidden_by;  ///< The one that is used in its place, if there is one.
  bool switched_off = false;  ///< Whether it was refused, and the settings do not want it either.

  [[nodiscard]] bool refused() const noexcept { return plugin == nullptr && hidden_by.empty(); }
};

/// Where the host's own library is.
std::filesystem::path library_folder();

/// Loads one file, or says why not. Never throws for what it contains.
FoundPlugin load_plugin(const std::filesystem::path& path);

/// These folders and then the host's own, `hangar/plugins` beside its library. That one may be
/// absent where there are others.
std::vector<std::filesystem::path> plugin_folders(const std::vector<std::string>& more);

/// Looks once at every `*.so` of the folders, in order of name. The first of a kind and name wins:
/// it hides those of later folders, and one of its own folder is refused. Never throws for what a
/// file contains. A folder that is absent or unreadable appears as a refusal.
std::vector<FoundPlugin> find_plugins(const std::vector<std::filesystem::path>& folders);

}  // namespace hangar
