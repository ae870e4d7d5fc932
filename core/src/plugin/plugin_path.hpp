#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// Whether it is `[a-z][a-z0-9_-]{0,63}`.
bool is_plugin_name(std::string_view name) noexcept;

/// Why a library must not be loaded from this path, or nothing. The file must be regular, and
/// neither it nor a folder above it writable by others, as `refuse_writable_by_others` says. The
/// name must be
/// `[a-z][a-z0-9_-]{0,63}.so`.
std::optional<std::string> refuse_plugin_path(const std::filesystem::path& path,
                                              uid_t user = ::geteuid());

}  // namespace hangar
