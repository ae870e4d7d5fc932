#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// Why the file is no library that this process could load, or nothing. The loader maps what a file
/// promises and looks at it later: a file that was cut short would end the process.
std::optional<std::string> refuse_elf_file(const std::filesystem::path& path);

/// The first bytes, `most` of them, of the section of this name in a file that refuse_elf_file
/// takes; nothing where there is no such section.
std::optional<std::string> elf_section(const std::filesystem::path& path, std::string_view name,
                                       std::size_t most);

}  // namespace hangar
