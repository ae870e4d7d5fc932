#include "identity/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <sstream>

#include "config/read_file.hpp"
#include "hangar/error.hpp"
#include "identity/nkey.hpp"
#include "text/base64.hpp"

namespace json = boost::json;

namespace hangar {

std::vector<std::string> words_of_secret_file(const std::string& file, const char* setting) {
  std::string text;
  try {
    text = read_secret_lines(file);
  } catch (const ConfigError& error) {
    throw ConfigError{fmt::format("nats.{}: {}", setting, error.what())};
  }
  std::istringstream stream{text};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

UserCredentials read_user_credentials(const std::string& file) {
  constexpr const char* setting = "credentials_file";
  for (const std::string& word : words_of_secret_file(file, setting)) {
    // Base64 of `{"`, as every JWT begins.
    if (word.starts_with("eyJ") && std::ranges::count(word, '.') == 2) {
      return {word, read_user_key(file, setting).seed};
    }
  }
  throw ConfigError{fmt::format(
      "nats.{}: {} holds no user JWT: write one with `nsc generate creds`", setting, file)};
}

std::optional<std::chrono::sys_seconds> expiry_of_jwt(std::string_view jwt) {
  const std::size_t first = jwt.find('.');
  const std::size_t second = first == jwt.npos ? first : jwt.find('.', first + 1);
  if (second == jwt.npos) return std::nullopt;
  std::string payload{jwt.substr(first + 1, second - first - 1)};
  std::ranges::replace(payload, '-', '+');
  std::ranges::replace(payload, '_', '/');
  payload.append((4 - payload.size() % 4) % 4, '=');
  try {
    const json::value claims = json::parse(decode_base64(payload));
    const json::value* expiry =
        claims.is_object() ? claims.as_object().if_contains("exp") : nullptr;
    if (expiry == nullptr || !expiry->is_int64() || expiry->as_int64() <= 0) return std::nullopt;
    return std::chrono::sys_seconds{std::chrono::seconds{expiry->as_int64()}};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace hangar
