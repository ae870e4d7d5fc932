#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hangar {

/// A snapshot of the process's environment.
using Environment = std::map<std::string, std::string>;

/// The value of the variable; empty also where it is not set.
inline std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string{} : found->second;
}

/// What a scalar of a configuration file stands for.
///
/// `${VAR}` is the variable, `${VAR:-default}` the default where it is unset or empty,
/// `${VAR:?message}` an error then, `${file:/path}` a file's content as `read_secret_file`, `$$` a
/// dollar sign; any other `$` is one too. A default, a message or a path may hold further
/// expressions, up to 8 levels; they are read only when used. What was put in is not read again.
/// A file's content is percent-encoded in the user part and in the query of a URL, and escaped as
/// the password of libpq's keywords, so that any password works; a variable is put in as it is.
/// Throws ConfigError; the message holds no value.
std::string interpolate(std::string_view text, const Environment& environment);

/// Whether the text holds an expression, so that its value may be a secret.
bool has_expression(std::string_view text);

}  // namespace hangar
