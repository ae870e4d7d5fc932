#include "connection_options.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "database_url.hpp"
#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

// What SQLAlchemy's asyncpg and psycopg dialects take and libpq does not know.
constexpr std::array<std::string_view, 8> dropped{"prepared_statement_cache_size",
                                                  "prepared_statement_name_func",
                                                  "statement_cache_size",
                                                  "max_cached_statement_lifetime",
                                                  "max_cacheable_statement_size",
                                                  "async_fallback",
                                                  "command_timeout",
                                                  "timeout"};

/// Keywords whose words libpq looks at only when it connects, and then says what it did not know.
struct Choice {
  std::string_view keyword;
  std::string_view words;  // with a blank before and after each
};
constexpr std::array choices{
    Choice{"sslmode", " disable allow prefer require verify-ca verify-full "},
    Choice{"gssencmode", " disable prefer require "},
    Choice{"channel_binding", " disable prefer require "},
    Choice{"target_session_attrs", " any read-write read-only primary standby prefer-standby "},
};
constexpr std::array<std::string_view, 6> numbers{"connect_timeout",  "keepalives",
                                                  "keepalives_idle",  "keepalives_interval",
                                                  "keepalives_count", "tcp_user_timeout"};

bool known_to_libpq(std::string_view keyword) {
  const Conninfo defaults{PQconndefaults()};
  for (const PQconninfoOption* option = defaults.get(); option && option->keyword; ++option) {
    if (keyword == option->keyword) return true;
  }
  return false;
}

std::string sslmode_of(std::string_view word) {
  if (word == "true" || word == "True" || word == "1") return "require";
  if (word == "false" || word == "False" || word == "0") return "disable";
  std::string mode{word};
  std::ranges::replace(mode, '_', '-');  // asyncpg takes both
  return mode;
}

void check_words(const ConnectionOptions& options) {
  for (const Choice& choice : choices) {
    const auto found = options.find(std::string{choice.keyword});
    if (found == options.end()) continue;
    if (choice.words.find(fmt::format(" {} ", found->second)) != choice.words.npos) continue;
    throw ConfigError{fmt::format("storage.url: {} is one of{}", choice.keyword, choice.words)};
  }
  for (const std::string_view keyword : numbers) {
    const auto found = options.find(std::string{keyword});
    if (found == options.end()) continue;
    const std::string& digits = found->second;
    if (digits.size() < 10 && digits.find_first_not_of("0123456789") == digits.npos) continue;
    throw ConfigError{fmt::format("storage.url: {} is a whole number", keyword)};
  }
  const auto ports = options.find("port");
  if (ports == options.end()) return;
  for (const std::string_view port : split(ports->second, ',')) {
    if (port.size() < 6 && port.find_first_not_of("0123456789") == port.npos) continue;
    throw ConfigError{"storage.url: a port is a whole number"};
  }
}

void add_parameter(ConnectionOptions& options, std::string name, std::string value, bool shown) {
  if (std::ranges::find(dropped, name) != dropped.end()) return;
  if (name == "server_settings") {
    throw ConfigError{
        "storage.url: server_settings is no parameter of a URL; write options=-c%20name%3Dvalue"};
  }
  if (name == "ssl") {
    name = "sslmode";
    value = sslmode_of(value);
  } else if (name == "database") {
    name = "dbname";
  } else if (!known_to_libpq(name)) {
    throw ConfigError{fmt::format("storage.url: unknown parameter{}; see libpq's list of keywords",
                                  shown ? fmt::format(" '{}'", name) : "")};
  }
  options.insert_or_assign(std::move(name), std::move(value));
}

ConnectionOptions options_of(const DatabaseUrl& url, bool shown) {
  ConnectionOptions options;
  const auto add = [&](const char* keyword, const std::string& value) {
    if (!value.empty()) options.emplace(keyword, value);
  };
  add("user", url.user.value_or(""));
  add("password", url.password.value_or(""));
  add("dbname", url.database);
  std::string hosts;
  std::string ports;
  bool any_port = false;
  for (const auto& [host, port] : url.servers) {
    const bool first = &host == &url.servers.front().first;
    hosts += (first ? "" : ",") + host;
    ports += (first ? "" : ",") + port;
    any_port = any_port || !port.empty();
  }
  add("host", hosts);
  if (any_port) add("port", ports);
  for (const auto& [name, value] : url.query) add_parameter(options, name, value, shown);
  return options;
}

ConnectionOptions parse_keywords(const std::string& text) {
  char* complaint = nullptr;
  const Conninfo parsed{PQconninfoParse(text.c_str(), &complaint)};
  if (!parsed) {
    // libpq's complaint quotes what it could not read, which may be the password.
    PQfreemem(complaint);
    throw ConfigError{
        "storage.url: not a PostgreSQL URL or key=value string; write "
        "postgresql://user:password@host:5432/database, or values with blanks, quotes or "
        "backslashes as 'it\\'s'"};
  }
  ConnectionOptions options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) options.emplace(option->keyword, option->val);
  }
  return options;
}

ConnectionOptions parse(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  // `password=a://b` is a keyword string.
  const bool keywords = colon == url.npos || scheme.find('=') != scheme.npos;
  const std::string_view dialect = scheme.substr(0, scheme.find('+'));
  if (!keywords && dialect != "postgresql" && dialect != "postgres") {
    throw ConfigError{
        "storage.url: the postgres storage takes postgresql://user:password@host:5432/database, "
        "libpq's key=value strings, or nothing (PG* variables); for a SQLite file set "
        "storage.type: sqlite"};
  }
  // After a stray `?` in a password a parameter would be a part of it.
  const std::string_view query = url.substr(std::min(url.size(), url.find('?')));
  const bool shown = query.find_first_of("@:/") == query.npos;
  ConnectionOptions options =
      keywords ? parse_keywords(std::string{url}) : options_of(parse_database_url(url), shown);
  check_words(options);
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

void check_files(const ConnectionOptions& options, const Environment& environment) {
  struct File {
    const char* keyword;
    const char* variable;
  };
  constexpr std::array files{File{"sslrootcert", "PGSSLROOTCERT"}, File{"sslcrl", "PGSSLCRL"},
                             File{"sslcert", "PGSSLCERT"}, File{"sslkey", "PGSSLKEY"}};
  const auto mode = options.find("sslmode");
  if (mode != options.end() && mode->second == "disable") return;
  for (const auto& [keyword, variable] : files) {
    const auto given = options.find(keyword);
    const bool in_url = given != options.end();
    const std::string path = in_url ? given->second : environment(variable).value_or("");
    // Certificates of the system, and keys of an OpenSSL engine, are no files.
    const bool key = std::string_view{keyword} == "sslkey";
    if (path.empty() || path == "system" || (key && path.find(':') != path.npos)) continue;
    const std::string name = in_url ? fmt::format("storage.url: {}", keyword) : variable;
    struct stat found {};
    if (::access(path.c_str(), R_OK) != 0 || ::stat(path.c_str(), &found) != 0) {
      throw ConfigError{fmt::format("{}: cannot read '{}': {}", name, path,
                                    std::generic_category().message(errno))};
    }
    if (!S_ISREG(found.st_mode)) {
      throw ConfigError{fmt::format("{}: '{}' is no file", name, path)};
    }
    // As libpq has it: root's may be for a group that may read it.
    const mode_t others = found.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if (key && (found.st_mode & others) != 0) {
      throw ConfigError{fmt::format(
          "{}: '{}' may be read by others, and libpq refuses such a key: chmod 600", name, path)};
    }
  }
}

std::vector<std::string> variables_beside(const std::string& url, const OtherVariables& variables) {
  std::vector<std::string> found;
  if (url.empty()) return found;
  try {
    const ConnectionOptions given = parse(url);
    // asyncpg reads PGSERVICE, but of a service no options, and no host address.
    for (const auto& [keyword, variable] :
         {std::pair{"options", "PGOPTIONS"}, std::pair{"hostaddr", "PGHOSTADDR"},
          std::pair{"service", "PGSERVICE"}}) {
      if (!given.contains(keyword) && variables.look({variable})) found.emplace_back(variable);
    }
  } catch (const ConfigError&) {
    // Whoever connects says what is wrong with it.
  }
  return found;
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
