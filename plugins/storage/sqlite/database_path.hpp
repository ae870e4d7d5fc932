#pragma once

#include <filesystem>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::sqlite {

/// The absolute path of the file that a storage URL names: a plain path, `sqlite:///relative`,
/// `sqlite:////absolute`, and the same with a driver such as `sqlite+aiosqlite`. Throws ConfigError
/// for any other form, and for databases in memory: what they hold is gone with the process,
/// although its events were acknowledged.
std::filesystem::path database_path(std::string_view url);

/// Throws ConfigError where this user may not know.
bool is_there(const std::filesystem::path& file);

/// Throws ConfigError when the file cannot be in its folder, or is not there and is not to be, or
/// cannot be, created; what is missing of the folder is created with it.
void check_place(const std::filesystem::path& file, Creation creation);

}  // namespace hangar::sqlite
