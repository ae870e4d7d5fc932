#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// How two build tags differ, both values of each word, and what to do; nothing where they agree.
std::optional<std::string> build_difference(std::string_view plugin, std::string_view host);

/// What the plugin in this file, a whole one, was built as; nothing where it does not say. Nothing
/// of the file is loaded.
std::optional<std::string> build_tag_of(const std::filesystem::path& path);

/// Why the plugin in this file, a whole one, was built for another host than this, or nothing.
/// Nothing of the file is loaded: what differs may be what loading it needs.
std::optional<std::string> refuse_build(const std::filesystem::path& path);

}  // namespace hangar
