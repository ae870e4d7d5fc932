#pragma once

#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// An nkey of a user.
struct UserKey {
  std::string public_key;  ///< `U…`
  Secret seed;             ///< `SU…`
};

/// Reads the seed in a file, alone or between lines of dashes, with the ends of lines of any
/// system. Throws ConfigError, which shows nothing of the seed; `setting` named the file.
UserKey read_user_key(const std::string& file, const char* setting);

}  // namespace hangar
