#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/config.hpp"

namespace hangar {

/// What a file of credentials holds, as nsc writes it.
struct UserCredentials {
  std::string jwt;
  Secret seed;
};

/// Throws ConfigError, which shows nothing of the file, when it cannot be read or holds no such
/// thing.
UserCredentials read_user_credentials(const std::string& file);

/// When a user JWT expires; nothing when it never does or cannot be read.
std::optional<std::chrono::sys_seconds> expiry_of_jwt(std::string_view jwt);

/// What stands between blanks and ends of lines. Throws ConfigError with the name of the setting.
std::vector<std::string> words_of_secret_file(const std::string& file, const char* setting);

}  // namespace hangar
