#include "prefect_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "hangar/error.hpp"
#include "hangar/prefect_database.hpp"

namespace hangar::postgres {
namespace {

std::string encoded(std::string_view text) {
  std::string result;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isalnum(byte) != 0 || std::string_view{"-._~"}.find(character) != std::string::npos) {
      result += character;
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return result;
}

std::vector<std::string> connect_arg(const std::string& name) {
  return {"PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_" + name};
}

/// As pydantic reads a bool.
bool is_true(const std::vector<std::string>& names, const std::string& text) {
  std::string word = text;
  std::ranges::transform(word, word.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  for (const std::string_view yes : {"1", "true", "t", "yes", "y", "on"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"0", "false", "f", "no", "n", "off"}) {
    if (word == no) return false;
  }
  throw ConfigError{names.front() + ": expected true or false"};
}

/// Where the query of the URL begins, behind the `?`: as SQLAlchemy reads it, a password may hold
/// a `?` too.
std::size_t query_of(std::string_view url) {
  const std::size_t begin = url.find("://") + 3;
  std::size_t at = url.find_first_of(":/@", begin);
  if (at != std::string::npos && url[at] == ':') at = url.find('@', at);
  const bool has_user = at != std::string::npos && url[at] == '@';
  const std::size_t question = url.find('?', has_user ? at : begin);
  return question == std::string::npos ? std::string::npos : question + 1;
}

/// The URL with the parameter in place of those of that name, and of another name for it.
std::string with(const std::string& url, std::string_view name, std::string_view value,
                 std::string_view other_name = "") {
  const std::size_t query = query_of(url);
  std::string kept = query == std::string::npos ? url : url.substr(0, query - 1);
  char separator = '?';
  for (std::size_t begin = query; begin < url.size();) {
    const std::size_t end = std::min(url.find('&', begin), url.size());
    const std::string_view parameter = std::string_view{url}.substr(begin, end - begin);
    const std::string_view keyword = parameter.substr(0, parameter.find('='));
    if (keyword != name && (keyword != other_name || other_name.empty())) {
      kept.append(1, separator).append(parameter);
      separator = '&';
    }
    begin = end + 1;
  }
  return fmt::format("{}{}{}={}", kept, separator, name, encoded(value));
}

std::string port(OtherVariables& variables) {
  const auto names = prefect::names("PORT");
  const std::string text = variables.take(names).value_or("5432");
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ConfigError{names.front() + ": expected a port, 1 to 65535"};
  }
  return number == 0 ? "5432" : text;
}

std::string url_of_parts(OtherVariables& variables) {
  variables.take(prefect::names("DRIVER"));
  const auto part = [&](const char* setting) {
    const auto names = prefect::names(setting);
    const auto value = variables.take(names);
    if (!value) throw ConfigError{names.front() + ": set it too, Prefect needs it"};
    return encoded(*value);
  };
  std::string host = part("HOST");
  if (host.find("%3A") != std::string::npos)
    host = fmt::format("[{}]", *variables.look(prefect::names("HOST")));
  const std::string user = part("USER");
  const std::string name = part("NAME");
  const auto password = variables.take(prefect::names("PASSWORD"));
  const std::string secret = password ? fmt::format(":{}", encoded(*password)) : "";
  return fmt::format("postgresql+asyncpg://{}{}@{}:{}/{}", user, secret, host, port(variables),
                     name);
}

/// Prefect puts the password as it is in the place of its variable.
std::string with_password(std::string url, OtherVariables& variables) {
  for (const std::string& name : prefect::names("PASSWORD")) {
    const std::string expression = fmt::format("${{{}}}", name);
    for (std::size_t at = url.find(expression); at != std::string::npos;) {
      const auto password = variables.take(prefect::names("PASSWORD"));
      if (!password) throw ConfigError{name + " is not set, but the URL of the database names it"};
      url.replace(at, expression.size(), *password);
      at = url.find(expression, at + password->size());
    }
  }
  return url;
}

std::string with_tls(std::string url, OtherVariables& variables) {
  const auto enabled = connect_arg("TLS_ENABLED");
  const auto wanted = variables.take(enabled);
  if (!wanted || !is_true(enabled, *wanted)) return url;
  const auto hostname = connect_arg("TLS_CHECK_HOSTNAME");
  const bool checked = is_true(hostname, variables.take(hostname).value_or("true"));
  url = with(url, "sslmode", checked ? "verify-full" : "verify-ca", "ssl");
  // Python trusts the system's certificates when it is given none; libpq would look in the home.
  const auto trusted = variables.take(connect_arg("TLS_CA_FILE"));
  const auto system = variables.look({"SSL_CERT_FILE"});
  url = with(url, "sslrootcert",
             trusted.value_or(system.value_or("/etc/ssl/certs/ca-certificates.crt")));
  const auto certificate = connect_arg("TLS_CERT_FILE");
  const auto key = connect_arg("TLS_KEY_FILE");
  if (!variables.look(certificate) || !variables.look(key)) return url;
  url = with(url, "sslcert", *variables.take(certificate));
  return with(url, "sslkey", *variables.take(key));
}

std::string with_connect_args(std::string url, OtherVariables& variables) {
  if (const auto name = variables.take(connect_arg("APPLICATION_NAME"))) {
    url = with(url, "application_name", *name);
  }
  if (const auto path = variables.take(connect_arg("SEARCH_PATH"))) {
    std::string option = "-csearch_path=";
    for (const char character : *path) {
      if (character == ' ' || character == '\\') option += '\\';
      option += character;
    }
    url = with(url, "options", option);
  }
  const auto timeout_names = prefect::names("CONNECTION_TIMEOUT");
  if (const auto timeout = variables.take(timeout_names)) {
    double seconds = 0;
    const char* const last = timeout->data() + timeout->size();
    const auto [end, error] = std::from_chars(timeout->data(), last, seconds);
    if (error != std::errc{} || end != last || !(seconds > 0 && seconds <= 86'400)) {
      throw ConfigError{timeout_names.front() + ": expected seconds, more than 0"};
    }
    url = with(url, "connect_timeout", fmt::format("{:.0f}", std::ceil(seconds)));
  }
  return with_tls(std::move(url), variables);
}

}  // namespace

std::optional<std::string> prefect_url(OtherVariables& variables) {
  std::string url;
  if (const auto given = variables.look(prefect::names("CONNECTION_URL"))) {
    if (!given->starts_with("postgres")) return std::nullopt;
    variables.take(prefect::names("CONNECTION_URL"));
    url = with_password(*given, variables);
    if (url.find("://") == std::string::npos) return url;
  } else if (variables.look(prefect::names("DRIVER")) == "postgresql+asyncpg") {
    url = url_of_parts(variables);
  } else {
    return std::nullopt;
  }
  return with_connect_args(std::move(url), variables);
}

}  // namespace hangar::postgres
