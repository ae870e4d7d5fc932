#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// Whether it is `[a-z][a-z0-9_-]{0,63}`.
bool is_plugin_name(std::string_view name) noexcept;

/// Why a library must not be loaded from this path, or nothing. The file must be regular, belong to
/// root or the user and be writable by no one else; so must every folder above it, unless that is
/// sticky. The name must be `[a-z][a-z0-9_-]{0,63}.so`.
std::optional<std::string> refuse_plugin_path(const std::filesystem::path& path,
                                              uid_t user = ::geteuid());

}  // namespace hangar
