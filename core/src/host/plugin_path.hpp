#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace hangar {

/// Why a library must not be loaded from this path, or nothing. The file must be regular, belong to
/// root or this user and be writable by no one else; so must every folder above it, unless that is
/// sticky. The name must be `[a-z][a-z0-9_-]{0,63}.so`.
std::optional<std::string> refuse_plugin_path(const std::filesystem::path& path);

}  // namespace hangar
