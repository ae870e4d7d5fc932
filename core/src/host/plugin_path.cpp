#include "host/plugin_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hangar {
namespace {

constexpr std::string_view suffix = ".so";

std::optional<std::string> refuse_owner(const std::filesystem::path& path, const struct stat& facts,
                                        uid_t user) {
  if (facts.st_uid != 0 && facts.st_uid != user) {
    return fmt::format("{} belongs to user {}, neither root nor this user", path.string(),
                       facts.st_uid);
  }
  const bool sticky_folder = S_ISDIR(facts.st_mode) && (facts.st_mode & S_ISVTX) != 0;
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky_folder) {
    return fmt::format("{} is writable by others: run chmod go-w on it", path.string());
  }
  return std::nullopt;
}

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
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    return fmt::format("{}: {}", path.string(), std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return fmt::format("{} is not a regular file", path.string());
  if (auto reason = refuse_owner(path, facts, user)) return reason;
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    if (::lstat(folder.c_str(), &facts) != 0) {
      return fmt::format("{}: {}", folder.string(), std::strerror(errno));
    }
    if (!S_ISDIR(facts.st_mode)) return fmt::format("{} is not a folder", folder.string());
    if (auto reason = refuse_owner(folder, facts, user)) return reason;
    if (folder == folder.root_path()) return std::nullopt;
  }
}

}  // namespace hangar
