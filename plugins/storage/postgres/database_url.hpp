#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar::postgres {

/// At least one part; parts may be empty.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A database URL, taken apart and decoded.
struct DatabaseUrl {
  std::optional<std::string> user;
  std::optional<std::string> password;
  /// Names, addresses or folders of sockets, each with its port or none, in order.
  std::vector<std::pair<std::string, std::string>> servers;
  std::string database;
  /// The parameters but `host` and `port`; a later one of a name follows an earlier one.
  std::vector<std::pair<std::string, std::string>> query;
};

/// Takes `scheme://user:password@host:port/database?name=value` apart as SQLAlchemy 2's `make_url`
/// and its PostgreSQL dialects do: a password may hold `/`, `?`, `#` and `:` as they are, and `@`
/// where what follows the first one is no server; `host` in the query wins and may come several
/// times, with a port each, or as a list beside a list in `port`. Also libpq's lists of servers
/// (`a:1,b:2`) are taken. Pure. Throws ConfigError for what cannot be meant, which shows nothing of
/// the URL: what was taken for a host could be a piece of a password.
[[nodiscard]] DatabaseUrl parse_database_url(std::string_view url);

}  // namespace hangar::postgres
