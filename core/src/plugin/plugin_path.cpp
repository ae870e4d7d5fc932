#include "plugin/plugin_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "plugin/file_permissions.hpp"

namespace hangar {
namespace {

constexpr std::string_view suffix = ".so";

}  // namespace

bool is_plugin_name(std::string_view name) noexcept {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto rest = [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && lower(name.front()) &&
         std::ranges::all_of(name, rest);
}

std::optional<std::string> refuse_plugin_path(const std::filesystem::path& path, uid_t user) {
  if (!path.is_absolute()) return fmt::format("{} is not an absolute path", path.string());
  const std::string name = path.filename().string();
  if (!name.ends_with(suffix) || !is_plugin_name(path.stem().native())) {
    return fmt::format("{} is not a plugin's name: [a-z][a-z0-9_-]*.so", name);
  }
  return refuse_writable_by_others(path, S_IFREG, user);
}

}  // namespace hangar
