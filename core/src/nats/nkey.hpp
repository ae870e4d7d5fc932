#pragma once

#include <string>

namespace hangar {

/// The public key (`U…`) that belongs to the nkey seed (`SU…`) in a file. Throws ConfigError, which
/// shows nothing of the seed.
std::string nkey_public_key(const std::string& seed_file);

}  // namespace hangar
