#include "connection_options.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

// What SQLAlchemy's asyncpg and psycopg dialects take and libpq does not know.
constexpr std::array<std::string_view, 9> dropped{"prepared_statement_cache_size",
                                                  "prepared_statement_name_func",
                                                  "statement_cache_size",
                                                  "max_cached_statement_lifetime",
                                                  "max_cacheable_statement_size",
                                                  "async_fallback",
                                                  "command_timeout",
                                                  "timeout",
                                                  "server_settings"};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool known_to_libpq(std::string_view keyword) {
  const Conninfo defaults{PQconndefaults()};
  for (const PQconninfoOption* option = defaults.get(); option && option->keyword; ++option) {
    if (keyword == option->keyword) return true;
  }
  return false;
}

std::string query_for_libpq(std::string_view query) {
  std::string kept;
  for (const std::string_view parameter : split(query, '&')) {
    const std::size_t equals = parameter.find('=');
    const std::string_view keyword = parameter.substr(0, equals);
    std::string_view value = equals == parameter.npos ? "" : parameter.substr(equals + 1);
    if (keyword.empty() || std::ranges::find(dropped, keyword) != dropped.end()) continue;
    std::string_view name = keyword;
    if (keyword == "ssl") {
      name = "sslmode";
      if (value == "true" || value == "True" || value == "1") value = "require";
      if (value == "false" || value == "False" || value == "0") value = "disable";
    } else if (!known_to_libpq(keyword)) {
      // After a stray `?` in a password this would be a part of it, so only a plain word is quoted.
      const bool plain = query.find_first_of("@:/") == query.npos;
      throw ConfigError{
          fmt::format("storage.url: unknown parameter{}; see libpq's list of keywords",
                      plain ? fmt::format(" '{}'", keyword) : "")};
    }
    kept += fmt::format("{}{}={}", kept.empty() ? '?' : '&', name, value);
  }
  return kept;
}

/// What libpq's parser takes.
std::string for_libpq(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == url.npos) return std::string{url};
  const std::string_view scheme = url.substr(0, colon);
  const std::string_view dialect = scheme.substr(0, scheme.find('+'));
  if (dialect != "postgresql" && dialect != "postgres") {
    // `password=a://b` is a keyword string.
    if (scheme.find('=') != scheme.npos) return std::string{url};
    throw ConfigError{
        "storage.url: the postgres storage takes postgresql://user:password@host:5432/database, "
        "libpq's key=value strings, or nothing (PG* variables); for a SQLite file set "
        "storage.type: sqlite"};
  }
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t question = rest.find('?');
  std::string result = fmt::format("postgresql://{}", rest.substr(0, question));
  if (question != rest.npos) result += query_for_libpq(rest.substr(question + 1));
  return result;
}

ConnectionOptions parse(std::string_view url) {
  char* complaint = nullptr;
  const Conninfo parsed{PQconninfoParse(for_libpq(url).c_str(), &complaint)};
  if (!parsed) {
    // libpq's complaint quotes what it could not read, which may be the password.
    PQfreemem(complaint);
    throw ConfigError{
        "storage.url: not a PostgreSQL URL or key=value string; in a URL, characters such as "
        "@ : / ? # % and blanks in user and password must be written as %40, %3A, ..."};
  }
  ConnectionOptions options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) options.emplace(option->keyword, option->val);
  }
  return options;
}

bool on_this_machine(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
         host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool leaves_this_machine(const ConnectionOptions& options, const Environment& environment) {
  const auto value = [&](const char* keyword, const char* variable) {
    const auto given = options.find(keyword);
    return given != options.end() ? given->second : environment(variable).value_or("");
  };
  std::string hosts = value("hostaddr", "PGHOSTADDR");
  if (hosts.empty()) hosts = value("host", "PGHOST");
  return !std::ranges::all_of(split(hosts, ','), on_this_machine);
}

}  // namespace

ConnectionOptions connection_options(const StorageOptions& options,
                                     const Environment& environment) {
  ConnectionOptions result = parse(options.url);
  // A service file may say anything, and what is set here would win over it.
  const bool service = result.contains("service") || environment("PGSERVICE");
  const auto add = [&](const char* keyword, const char* variable, const std::string& value) {
    if (!service && !environment(variable)) result.try_emplace(keyword, value);
  };
  add("connect_timeout", "PGCONNECT_TIMEOUT", "5");
  add("target_session_attrs", "PGTARGETSESSIONATTRS", "read-write");
  add("application_name", "PGAPPNAME", options.application_name);
  if (leaves_this_machine(result, environment)) add("sslmode", "PGSSLMODE", "verify-full");
  result.try_emplace("keepalives_idle", "5");
  result.try_emplace("keepalives_interval", "2");
  result.try_emplace("keepalives_count", "3");
  result.try_emplace("tcp_user_timeout", "10000");
  // Everything that is sent and read is UTF-8, whatever PGCLIENTENCODING says.
  result.insert_or_assign("client_encoding", "UTF8");
  return result;
}

ConnectionOptions with_identity_of(ConnectionOptions options, std::string_view url) {
  if (url.empty()) return options;
  try {
    ConnectionOptions newer = parse(url);
    for (const char* keyword : {"user", "password"}) {
      options.erase(keyword);
      options.insert(newer.extract(keyword));
    }
  } catch (const ConfigError&) {
    // Such as a file that is being written; the next connection reads it again.
  }
  return options;
}

}  // namespace hangar::postgres
