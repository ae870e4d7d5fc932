#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace hangar {

/// Why the file is no library that this process could load, or nothing. The loader maps what a file
/// promises and looks at it later: a file that was cut short would end the process.
std::optional<std::string> refuse_elf_file(const std::filesystem::path& path);

}  // namespace hangar
