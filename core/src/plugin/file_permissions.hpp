#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

namespace hangar {

/// Whether nobody but this user is in the group, by `passwd` and `group` in the folder `etc`: it is
/// the user's primary group, has the user's name and no other member, and is the primary group of
/// no other user. Ubuntu and Fedora give each user such a group, and let it write by default.
bool is_private_group(gid_t group, uid_t user, const std::filesystem::path& etc = "/etc");

/// Why others than root and this user could change what is at the absolute path, or nothing. It
/// must be of the type (S_IFREG, S_IFDIR), belong to root or the user and be writable by nobody
/// else, the user's private group excepted; so must every folder above it, unless that is sticky.
/// A link is refused, since it is of another type.
std::optional<std::string> refuse_writable_by_others(const std::filesystem::path& path, mode_t type,
                                                     uid_t user = ::geteuid());

/// Why the folder, which need not be there yet, is not safe from others than root and this user, or
/// nothing. As `refuse_writable_by_others` says, but links above the folder are followed.
std::optional<std::string> refuse_shared_folder(const std::filesystem::path& folder,
                                                uid_t user = ::geteuid());

}  // namespace hangar
