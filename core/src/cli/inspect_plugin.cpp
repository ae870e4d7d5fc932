#include "cli/inspect_plugin.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <optional>
#include <string>

#include "api/exit_code.hpp"
#include "log/stderr_log.hpp"
#include "plugin/build_difference.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/plugin_library.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

json::object described(const FoundPlugin& found) {
  const auto tag = refuse_elf_file(found.path) ? std::nullopt : build_tag_of(found.path);
  json::object all{{"path", found.path.string()}, {"build_tag", tag.value_or("")}};
  all["refusal"] = found.refusal;
  if (found.plugin == nullptr) return all;
  const Plugin& plugin = *found.plugin;
  const bool service = plugin.kind == Plugin::Kind::service;
  all["kind"] = service ? "service" : "storage";
  all["name"] = plugin.name;
  all["version"] = plugin.version;
  all["description"] = plugin.summary;
  if (service) {
    json::array commands;
    for (const CommandInfo& one : plugin.commands) {
      commands.emplace_back(std::string{plugin.command_group} + ' ' + one.name);
    }
    all["commands"] = std::move(commands);
  } else {
    all["url"] = plugin.url_forms;
  }
  return all;
}

}  // namespace

int inspect_plugin(const std::filesystem::path& file, Output output) {
  const FoundPlugin found = load_plugin(std::filesystem::absolute(file).lexically_normal());
  const json::object all = described(found);
  if (output == Output::json) {
    std::cout << json::serialize(all) << '\n';
  } else {
    for (const auto& [name, value] : all) {
      const auto* text = value.if_string();
      const std::string shown = text != nullptr ? std::string{*text} : json::serialize(value);
      if (!shown.empty()) std::cout << std::string{name} << ": " << printable(shown) << '\n';
    }
  }
  return found.plugin != nullptr ? exit_code::done : exit_code::failed;
}

}  // namespace hangar::cli
