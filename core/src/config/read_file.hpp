#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace hangar {

/// The whole content of a regular file. Throws ConfigError when it cannot be read, is something
/// else, or is longer than `limit` bytes; no more than that is ever held.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// The content of a file that holds one secret: at most 64 KiB, without one trailing newline.
std::string read_secret_file(const std::filesystem::path& path);

}  // namespace hangar
