#include "config/interpolate.hpp"

#include <fmt/format.h>

#include <cctype>

#include "config/read_file.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

constexpr int most_levels = 8;
constexpr std::size_t longest_result = 1U << 20U;
constexpr std::string_view file_prefix = "file:";
constexpr auto npos = std::string_view::npos;

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  for (const char character : name) {
    if (std::isalnum(static_cast<unsigned char>(character)) == 0 && character != '_') return false;
  }
  return true;
}

/// The place of the brace that closes the expression whose `${` begins at `begin`.
std::size_t closing_brace(std::string_view text, std::size_t begin) {
  int levels = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '$' && at + 1 < text.size()) {
      if (text[at + 1] == '{') ++levels;
      ++at;
    } else if (text[at] == '}' && --levels == 0) {
      return at;
    }
  }
  throw ConfigError{"'${' without '}': write '$${' for a literal '${'"};
}

std::string expand(std::string_view text, const Environment& environment, int level);

std::string evaluate(std::string_view expression, const Environment& environment, int level) {
  if (level == most_levels) {
    throw ConfigError{fmt::format("more than {} levels of '${{…}}'", most_levels)};
  }
  if (expression.starts_with(file_prefix)) {
    return read_secret_file(expand(expression.substr(file_prefix.size()), environment, level + 1));
  }
  const std::size_t colon = expression.find(':');
  const std::string name{expression.substr(0, colon)};
  const std::string_view rest = colon == npos ? "" : expression.substr(colon);
  const bool has_default = rest.starts_with(":-");
  const bool has_message = rest.starts_with(":?");
  if (!is_variable_name(name) || (colon != npos && !has_default && !has_message)) {
    throw ConfigError{
        "not an expression: write ${VAR}, ${VAR:-default}, ${VAR:?message}, ${file:/path}, or $${ "
        "for a literal ${"};
  }
  const auto found = environment.find(name);
  const bool unset = found == environment.end();
  if (!unset && (colon == npos || !found->second.empty())) return found->second;
  if (has_default) return expand(rest.substr(2), environment, level + 1);
  const std::string why = has_message ? expand(rest.substr(2), environment, level + 1) : "";
  throw ConfigError{fmt::format("environment variable {} is {}{}{}", name,
                                unset ? "not set" : "empty", why.empty() ? "" : ": ", why)};
}

std::string expand(std::string_view text, const Environment& environment, int level) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] != '$' || (next != '$' && next != '{')) {
      result += text[at];
    } else if (next == '$') {
      result += '$';
      ++at;
    } else {
      const std::size_t end = closing_brace(text, at);
      result += evaluate(text.substr(at + 2, end - at - 2), environment, level);
      at = end;
    }
    if (result.size() > longest_result) throw ConfigError{"longer than 1 MiB once expanded"};
  }
  return result;
}

}  // namespace

std::string interpolate(std::string_view text, const Environment& environment) {
  return expand(text, environment, 0);
}

bool has_expression(std::string_view text) {
  std::size_t at = text.find('$');
  while (at != npos && at + 1 < text.size()) {
    if (text[at + 1] == '{') return true;
    at = text.find('$', at + (text[at + 1] == '$' ? 2 : 1));
  }
  return false;
}

}  // namespace hangar
