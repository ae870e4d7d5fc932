#include "plugin/file_permissions.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace hangar {
namespace {

// A line of /etc/group with more members than fit is no private group.
using LineBuffer = std::array<char, 16384>;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File open_file(const std::filesystem::path& path) { return File{std::fopen(path.c_str(), "re")}; }

/// The user's name, or number where /etc/passwd has none: no other list is asked, which may be
/// away.
std::string name_of(uid_t user) {
  const File file = open_file("/etc/passwd");
  LineBuffer buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  while (file && ::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) {
    if (entry.pw_uid == user) return entry.pw_name;
  }
  return fmt::format("{}", user);
}

/// The user's name when the group is the primary one of this user alone; else empty.
std::string only_user_of(gid_t group, uid_t user, const std::filesystem::path& passwd_file) {
  const File file = open_file(passwd_file);
  if (!file) return {};
  std::string name;
  LineBuffer buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  int failed = 0;
  while ((failed = ::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found)) == 0) {
    if (entry.pw_gid != group) continue;
    if (entry.pw_uid != user) return {};
    name = entry.pw_name;
  }
  return failed == ENOENT ? name : std::string{};
}

/// Whether each entry of the group has this name and no other member.
bool holds_only(gid_t group, std::string_view user, const std::filesystem::path& group_file) {
  const File file = open_file(group_file);
  if (!file) return false;
  bool known = false;
  LineBuffer buffer{};
  struct group entry {};
  struct group* found = nullptr;
  int failed = 0;
  while ((failed = ::fgetgrent_r(file.get(), &entry, buffer.data(), buffer.size(), &found)) == 0) {
    if (entry.gr_gid != group) continue;
    if (user != entry.gr_name) return false;
    for (char** member = entry.gr_mem; *member != nullptr; ++member) {
      if (user != *member) return false;
    }
    known = true;
  }
  return known && failed == ENOENT;
}

// The group's bits of the mode are then the most that any entry of the list allows.
bool has_access_list(const std::filesystem::path& path) {
  return ::lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

std::optional<std::string> refuse_one(const std::filesystem::path& path, mode_t type, uid_t user) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return fmt::format("{}: {}", path.string(), std::strerror(errno));
  }
  if ((status.st_mode & S_IFMT) != type) {
    return fmt::format("{} is {}not a {}", path.string(), S_ISLNK(status.st_mode) ? "a link, " : "",
                       S_ISDIR(type) ? "folder" : "regular file");
  }
  if (status.st_uid != 0 && status.st_uid != user) {
    return fmt::format(
        "{} belongs to user {}, neither root nor this user: run Hangar as that user, as `runuser "
        "-u` does, or chown it",
        path.string(), name_of(status.st_uid));
  }
  const bool sticky_folder = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  if (sticky_folder) return std::nullopt;
  const bool group_may = (status.st_mode & S_IWGRP) != 0 &&
                         (has_access_list(path) || !is_private_group(status.st_gid, user));
  if (group_may || (status.st_mode & S_IWOTH) != 0) {
    return fmt::format("{} is writable by others: run chmod go-w on it", path.string());
  }
  return std::nullopt;
}

}  // namespace

bool is_private_group(gid_t group, uid_t user, const std::filesystem::path& etc) {
  const std::string name = only_user_of(group, user, etc / "passwd");
  return !name.empty() && holds_only(group, name, etc / "group");
}

std::optional<std::string> refuse_writable_by_others(const std::filesystem::path& path, mode_t type,
                                                     uid_t user) {
  if (!path.is_absolute()) return fmt::format("{} is not an absolute path", path.string());
  if (auto reason = refuse_one(path, type, user)) return reason;
  for (auto folder = path; folder != folder.root_path();) {
    folder = folder.parent_path();
    if (auto reason = refuse_one(folder, S_IFDIR, user)) return reason;
  }
  return std::nullopt;
}

std::optional<std::string> refuse_shared_folder(const std::filesystem::path& folder, uid_t user) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path whole = fs::absolute(folder, failed).lexically_normal();
  fs::path present = whole.has_filename() ? whole : whole.parent_path();
  fs::path last = present.filename();
  while (!failed && fs::symlink_status(present, failed).type() == fs::file_type::not_found) {
    present = present.parent_path();
    last.clear();
    failed.clear();
  }
  fs::path real = fs::canonical(last.empty() ? present : present.parent_path(), failed);
  if (failed) return fmt::format("{}: {}", present.string(), failed.message());
  if (!last.empty()) real /= last;
  return refuse_writable_by_others(real, S_IFDIR, user);
}

}  // namespace hangar
