#include "database_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

constexpr auto npos = std::string_view::npos;

ConfigError refusal(std::string_view why) {
  return ConfigError{
      fmt::format("storage.url: {}; write postgresql://user:password@host:5432/database, with "
                  "characters such as @ : / ? # % in user and password as %40, %3A, ...",
                  why)};
}

/// As Python's `unquote`: what is no escape stays.
std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      if (byte == 0) throw refusal("holds a NUL byte");
      result += static_cast<char>(byte);
      at += 2;
    } else {
      result += text[at];
    }
  }
  return result;
}

bool all_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 || more.find(static_cast<char>(c)) != npos;
  });
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

/// Splits `host:port`, `[address]:port`, or a folder of sockets.
std::pair<std::string_view, std::string_view> host_and_port(std::string_view text) {
  if (text.starts_with('/') || text.starts_with('@')) return {text, {}};
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == npos) return {text, {}};  // refused later
    const std::string_view rest = text.substr(end + 1);
    return {text.substr(1, end - 1), rest.starts_with(':') ? rest.substr(1) : rest};
  }
  const std::size_t colon = text.find(':');
  if (colon == npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_server(std::string_view host, std::string_view port) {
  const bool socket = host.starts_with('/') || host.starts_with('@');
  return (socket || all_of(host, host.find(':') == npos ? "._-" : ":.%_-")) &&
         (port.empty() || is_port(port));
}

/// What follows the user part.
struct Tail {
  std::string_view servers;
  std::string_view database;
  std::string_view query;
};

Tail tail_of(std::string_view rest) {
  const std::size_t question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  const std::size_t slash = path.find('/');
  return {path.substr(0, slash), slash == npos ? "" : path.substr(slash + 1),
          question == npos ? "" : rest.substr(question + 1)};
}

/// Whether this can be meant as what follows a user part, and is no rest of a password.
bool is_plain(const Tail& tail) {
  for (const std::string_view part : split(tail.servers, ',')) {
    const auto [host, port] = host_and_port(part);
    if (!is_server(decoded(host), port)) return false;
  }
  if (tail.database.find('@') != npos) return false;
  if (tail.query.find('@') == npos) return true;
  return std::ranges::all_of(split(tail.query, '&'), [](std::string_view parameter) {
    const std::size_t equals = parameter.find('=');
    return parameter.empty() || (equals != npos && all_of(parameter.substr(0, equals), "_"));
  });
}

/// Whether a server has a number for a port that is none.
bool has_wrong_port(const Tail& tail) {
  return std::ranges::any_of(split(tail.servers, ','), [](std::string_view part) {
    const std::string_view port = host_and_port(part).second;
    return !port.empty() && port.find_first_not_of("0123456789") == npos && !is_port(port);
  });
}

/// Where SQLAlchemy's pattern ends the user part.
std::size_t end_of_user_part(std::string_view rest) {
  const std::size_t mark = rest.find_first_of(":/");
  if (mark != npos && rest[mark] == ':') {
    const std::size_t at = rest.find('@', mark + 1);
    if (at != npos) return at;
  }
  return rest.substr(0, mark).rfind('@');
}

std::string_view without_user_part(std::string_view rest, std::size_t at) {
  return at == npos ? rest : rest.substr(at + 1);
}

void add_servers(DatabaseUrl& url, std::string_view servers) {
  for (const std::string_view part : split(servers, ',')) {
    const auto [host, port] = host_and_port(part);
    url.servers.emplace_back(decoded(host), port);
  }
}

/// `host` and `port` of the query.
void take_servers(DatabaseUrl& url, const std::vector<std::string>& hosts,
                  const std::vector<std::string>& ports) {
  if (!hosts.empty()) url.servers.clear();
  for (const std::string& text : hosts) {
    for (const std::string_view part : split(text, ',')) {
      const auto [host, port] = host_and_port(part);
      url.servers.emplace_back(host, port);
    }
  }
  std::vector<std::string_view> numbers;
  for (const std::string& text : ports) {
    for (const std::string_view part : split(text, ',')) numbers.push_back(part);
  }
  if (numbers.empty()) return;
  if (url.servers.empty()) url.servers.emplace_back();
  if (numbers.size() != 1 && numbers.size() != url.servers.size()) {
    throw refusal("there are not as many ports as hosts");
  }
  for (std::size_t i = 0; i < url.servers.size(); ++i) {
    std::string& port = url.servers[i].second;
    if (!port.empty() && !hosts.empty()) throw refusal("a host has two ports");
    port = numbers[numbers.size() == 1 ? 0 : i];
  }
}

/// `with_driver`: SQLAlchemy reads it as a form, where `+` is a blank; libpq does not.
void add_query(DatabaseUrl& url, std::string_view query, bool with_driver) {
  std::vector<std::string> hosts;
  std::vector<std::string> ports;
  for (const std::string_view parameter : split(query, '&')) {
    const std::size_t equals = parameter.find('=');
    std::string text{equals == npos ? "" : parameter.substr(equals + 1)};
    if (with_driver) std::ranges::replace(text, '+', ' ');
    std::string name = decoded(parameter.substr(0, equals));
    std::string value = decoded(text);
    if (value.empty()) continue;
    if (name == "host") {
      hosts.push_back(std::move(value));
    } else if (name == "port") {
      ports.push_back(std::move(value));
    } else {
      url.query.emplace_back(std::move(name), std::move(value));
    }
  }
  take_servers(url, hosts, ports);
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == npos) return parts;
    text.remove_prefix(at + 1);
  }
}

DatabaseUrl parse_database_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == npos) throw refusal("not a URL");
  const bool with_driver = text.substr(0, colon).find('+') != npos;
  const std::string_view rest = text.substr(colon + 3);
  std::size_t at = end_of_user_part(rest);
  if (!is_plain(tail_of(without_user_part(rest, at)))) at = rest.rfind('@');
  const Tail tail = tail_of(without_user_part(rest, at));
  if (!is_plain(tail)) {
    throw refusal(has_wrong_port(tail) ? "a port is a number from 1 to 65535"
                                       : "not a PostgreSQL URL");
  }
  DatabaseUrl url;
  if (at != npos) {
    const std::string_view user_part = rest.substr(0, at);
    const std::size_t end = user_part.find(':');
    url.user = decoded(user_part.substr(0, end));
    if (end != npos) url.password = decoded(user_part.substr(end + 1));
  }
  if (!tail.servers.empty()) add_servers(url, tail.servers);
  url.database = decoded(tail.database);
  add_query(url, tail.query, with_driver);
  for (const auto& [host, port] : url.servers) {
    if (!is_server(host, port)) throw refusal("a host or a port is none");
  }
  return url;
}

}  // namespace hangar::postgres
