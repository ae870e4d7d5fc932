#include "host/plugin_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace hangar {
namespace {

bool good_name(std::string_view name) {
  constexpr std::string_view suffix = ".so";
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto rest = [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && lower(name.front()) &&
         std::ranges::all_of(name, rest);
}

std::optional<std::string> refuse_owner(const std::filesystem::path& path,
                                        const struct stat& facts) {
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
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

std::optional<std::string> refuse_plugin_path(const std::filesystem::path& path) {
  if (!path.is_absolute()) return fmt::format("{} is not an absolute path", path.string());
  if (!good_name(path.filename().string())) {
    return fmt::format("{} is not a plugin's name: [a-z][a-z0-9_-]*.so", path.filename().string());
  }
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    return fmt::format("{}: {}", path.string(), std::strerror(errno));
  }
  if (!S_ISREG(facts.st_mode)) return fmt::format("{} is not a regular file", path.string());
  if (auto reason = refuse_owner(path, facts)) return reason;
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    if (::lstat(folder.c_str(), &facts) != 0) {
      return fmt::format("{}: {}", folder.string(), std::strerror(errno));
    }
    if (!S_ISDIR(facts.st_mode)) return fmt::format("{} is not a folder", folder.string());
    if (auto reason = refuse_owner(folder, facts)) return reason;
    if (folder == folder.root_path()) return std::nullopt;
  }
}

}  // namespace hangar
