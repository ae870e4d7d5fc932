#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace hangar {

/// The whole content of a regular file. Throws ConfigError when it cannot be read, is something
/// else, or is longer than `limit` bytes; no more than that is ever held.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// The content of a file that holds one secret: at most 64 KiB, as `one_line`. Throws ConfigError,
/// which names the file and holds nothing of its content.
std::string read_secret_file(const std::filesystem::path& path);

/// The content of a file that holds secrets in several lines, such as a user's JWT and seed: at
/// most 64 KiB, as `plain_lines`. Throws as `read_secret_file`.
std::string read_secret_lines(const std::filesystem::path& path);

}  // namespace hangar
