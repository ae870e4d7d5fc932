#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// libpq's keywords and their values.
using ConnectionOptions = std::map<std::string, std::string>;

/// Reads a variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Turns `storage.url` into libpq's keywords: `postgresql://`, `postgres://`, SQLAlchemy's forms
/// with a driver (its own parameters are dropped, `ssl` becomes `sslmode`), libpq's `key=value`
/// strings; empty leaves everything to the PG* variables. Adds the defaults that neither the URL
/// nor the environment gives: a dead peer is noticed within seconds, only a writable server is
/// taken, and a server that is not on this machine must prove who it is (`sslmode=verify-full`).
/// Throws ConfigError, which never quotes a value.
[[nodiscard]] ConnectionOptions connection_options(const StorageOptions& options,
                                                   const Environment& environment);

}  // namespace hangar::postgres
