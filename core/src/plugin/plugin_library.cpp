#include "plugin/plugin_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library_load_mode.hpp>
#include <set>
#include <string_view>
#include <system_error>

#include "plugin/build_difference.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/plugin_path.hpp"

namespace hangar {
namespace {

std::string refuse_commands(const Plugin& plugin) {
  if (plugin.commands.empty()) return {};
  if (plugin.command_group == nullptr || !is_plugin_name(plugin.command_group)) {
    return "its commands lack a command_group of the form [a-z][a-z0-9_-]*";
  }
  std::set<std::string_view> names;
  for (const CommandInfo& command : plugin.commands) {
    if (command.name == nullptr || !is_plugin_name(command.name) || command.summary == nullptr ||
        command.make_command == nullptr) {
      return "a command of it lacks a name of the form [a-z][a-z0-9_-]*, a summary or a function";
    }
    if (!names.insert(command.name).second) {
      return fmt::format("it has two commands named '{}'", command.name);
    }
  }
  return {};
}

std::string refuse_description(const Plugin& plugin) {
  const bool service = plugin.kind == Plugin::Kind::service && plugin.make_service != nullptr;
  const bool storage = plugin.kind == Plugin::Kind::storage && plugin.make_storage != nullptr;
  if (!service && !storage) return "hangar_plugin describes neither a service nor a storage";
  if (plugin.name == nullptr || !is_plugin_name(plugin.name) || plugin.version == nullptr ||
      plugin.summary == nullptr) {
    return "hangar_plugin lacks a name of the form [a-z][a-z0-9_-]*, a version or a summary";
  }
  return refuse_commands(plugin);
}

void hide_doubles(std::vector<FoundPlugin>& plugins) {
  for (auto later = plugins.begin(); later != plugins.end(); ++later) {
    const auto same = [&](const FoundPlugin& earlier) {
      return earlier.plugin != nullptr && later->plugin != nullptr &&
             earlier.plugin->kind == later->plugin->kind &&
             std::string_view{earlier.plugin->name} == later->plugin->name;
    };
    const auto earlier = std::find_if(plugins.begin(), later, same);
    if (earlier == later) continue;
    later->plugin = nullptr;
    if (later->path.parent_path() != earlier->path.parent_path()) {
      later->hidden_by = earlier->path;
    } else {
      later->refusal = fmt::format("{} has the same name and comes first", earlier->path.string());
    }
  }
}

}  // namespace

std::filesystem::path library_folder() {
  // The loader names it as it came to it: `bin/../lib`, or `/lib`, which is a link.
  const std::filesystem::path library{boost::dll::this_line_location().string()};
  return std::filesystem::weakly_canonical(library.parent_path());
}

std::vector<std::filesystem::path> plugin_folders(const std::vector<std::string>& more) {
  std::vector<std::filesystem::path> folders{more.begin(), more.end()};
  auto own = library_folder() / "hangar" / "plugins";
  std::error_code absent;
  if (folders.empty() || std::filesystem::exists(own, absent)) folders.push_back(std::move(own));
  return folders;
}

FoundPlugin load_plugin(const std::filesystem::path& path) {
  FoundPlugin found;
  found.path = path;
  auto reason = refuse_plugin_path(path);
  if (!reason) reason = refuse_elf_file(path);
  if (!reason) reason = refuse_build(path);
  if (reason) {
    found.refusal = *std::move(reason);
    return found;
  }
  boost::dll::fs::error_code failed;
  boost::dll::shared_library library;
  using boost::dll::load_mode::type;
  library.load(path.string(), failed, type::rtld_now | type::rtld_local);
  if (failed) {
    const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): one thread loads plugins
    found.refusal = fmt::format("cannot be loaded: {}; `ldd -r` of it shows what it lacks",
                                why != nullptr ? why : failed.message());
    return found;
  }
  if (!library.has("hangar_plugin")) {
    found.refusal = "exports no hangar_plugin: end one source file with HANGAR_PLUGIN(...)";
    return found;
  }
  const auto& description = library.get<const Plugin>("hangar_plugin");
  found.refusal = refuse_description(description);
  if (found.refusal.empty()) found.plugin = &description;
  // Code of the library may be in use until the process ends, so it is never closed.
  static std::vector<boost::dll::shared_library> keep_loaded;
  keep_loaded.push_back(std::move(library));
  return found;
}

std::vector<FoundPlugin> find_plugins(const std::vector<std::filesystem::path>& folders) {
  std::vector<FoundPlugin> plugins;
  std::set<std::filesystem::path> looked_at;
  for (const auto& folder : folders) {
    std::error_code failed;
    const auto place = std::filesystem::weakly_canonical(folder, failed);
    if (!looked_at.insert(failed ? folder : place).second) continue;
    std::vector<std::filesystem::path> libraries;
    for (std::filesystem::directory_iterator entry{folder, failed}, end; !failed && entry != end;
         entry.increment(failed)) {
      if (entry->path().extension() == ".so") libraries.push_back(entry->path());
    }
    if (failed) {
      FoundPlugin& refused = plugins.emplace_back();
      refused.path = folder;
      refused.refusal = failed.message();
    }
    std::ranges::sort(libraries);
    for (const auto& library : libraries) plugins.push_back(load_plugin(library));
  }
  hide_doubles(plugins);
  return plugins;
}

}  // namespace hangar
