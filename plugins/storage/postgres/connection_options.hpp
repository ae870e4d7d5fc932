#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/other_database.hpp"
#include "hangar/storage.hpp"

namespace hangar::postgres {

/// libpq's keywords and their values.
using ConnectionOptions = std::map<std::string, std::string>;

/// The options of a connection that is to be made now; callable on any thread.
using PresentOptions = std::function<ConnectionOptions()>;

/// Reads a variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Turns `storage.url` into libpq's keywords: `postgresql://`, `postgres://` and SQLAlchemy's forms
/// with a driver as `parse_database_url` reads them (parameters of its drivers that do not change
/// what is recorded are dropped, `ssl` becomes `sslmode`), libpq's `key=value` strings; empty
/// leaves everything to the PG* variables. Adds the defaults that neither the URL nor the
/// environment gives: a dead peer is noticed within seconds, only a writable server is taken, and a
/// server that is not on this machine must prove who it is (`sslmode=verify-full`). Throws
/// ConfigError, which never quotes a value.
[[nodiscard]] ConnectionOptions connection_options(const StorageOptions& options,
                                                   const Environment& environment);

/// Throws ConfigError for a file of TLS that the options or the environment name and libpq could
/// not use: it would say so only when it connects, and leaves some out without a word.
void check_files(const ConnectionOptions& options, const Environment& environment);

/// The variables that are set, that libpq reads beside this `storage.url`, and that asyncpg, which
/// Prefect uses, does not: they may lead to another server, database or schema. None beside an
/// empty one, which leaves everything to them, nor beside one that cannot be read.
[[nodiscard]] std::vector<std::string> variables_beside(const std::string& url,
                                                        const OtherVariables& variables);

/// The same options with the user and the password that a newer `storage.url` has. Nothing else is
/// taken from it: a password may be replaced at any time, a database only with a restart. A URL
/// that cannot be read changes nothing.
[[nodiscard]] ConnectionOptions with_identity_of(ConnectionOptions options, std::string_view url);

}  // namespace hangar::postgres
