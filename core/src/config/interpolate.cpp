#include "config/interpolate.hpp"

#include <fmt/format.h>

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cctype>

#include "config/read_file.hpp"
#include "hangar/error.hpp"

namespace hangar {
namespace {

constexpr int most_references = 8;
constexpr std::size_t longest_result = 1U << 20U;
constexpr std::string_view file_prefix = "file:";
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

/// How a secret from a file is written where it is put in.
enum class Writing { as_is, in_url, in_keywords };

/// Whether a URL's user, password or query, or the value of a password in libpq's keywords, is what
/// stands between the two texts.
Writing writing_between(std::string_view before, std::string_view after) {
  if (const std::size_t scheme = before.rfind("://"); scheme != std::string_view::npos) {
    const std::string_view begun = before.substr(scheme);
    const bool user_part =
        begun.find('@') == std::string_view::npos && after.find('@') != std::string_view::npos;
    return user_part || begun.find('?') != std::string_view::npos ? Writing::in_url
                                                                  : Writing::as_is;
  }
  if (before.ends_with('\'')) before.remove_suffix(1);
  before = before.substr(0, before.find_last_not_of(' ') + 1);
  if (!before.ends_with('=')) return Writing::as_is;
  before = before.substr(0, before.find_last_not_of(" =") + 1);
  return before.ends_with("password") ? Writing::in_keywords : Writing::as_is;
}

std::string written(std::string secret, Writing writing) {
  if (writing == Writing::as_is) return secret;
  if (writing == Writing::in_url) return boost::urls::encode(secret, boost::urls::unreserved_chars);
  std::string escaped;
  for (const char character : secret) {
    if (std::string_view{"\\' "}.find(character) != std::string_view::npos) escaped += '\\';
    escaped += character;
  }
  return escaped;
}

std::string expand(std::string_view text, const Environment& environment, int level,
                   Writing writing);

std::string evaluate(std::string_view expression, const Environment& environment, int level,
                     Writing writing) {
  if (level == most_references) {
    throw ConfigError{fmt::format("more than {} levels of '${{…}}'", most_references)};
  }
  if (expression.starts_with(file_prefix)) {
    const std::string path =
        expand(expression.substr(file_prefix.size()), environment, level + 1, Writing::as_is);
    return written(read_secret_file(path), writing);
  }
  const std::size_t colon = expression.find(':');
  const std::string name{expression.substr(0, colon)};
  const std::string_view rest = colon == std::string_view::npos ? "" : expression.substr(colon);
  const bool has_default = rest.starts_with(":-");
  const bool has_message = rest.starts_with(":?");
  if (!is_variable_name(name) ||
      (colon != std::string_view::npos && !has_default && !has_message)) {
    throw ConfigError{
        "not an expression: write ${VAR}, ${VAR:-default}, ${VAR:?message}, ${file:/path}, or $${ "
        "for a literal ${"};
  }
  const auto found = environment.find(name);
  const bool unset = found == environment.end();
  if (!unset && (colon == std::string_view::npos || !found->second.empty())) return found->second;
  if (has_default) return expand(rest.substr(2), environment, level + 1, writing);
  const std::string why =
      has_message ? expand(rest.substr(2), environment, level + 1, Writing::as_is) : "";
  throw ConfigError{fmt::format("environment variable {} is {}{}{}", name,
                                unset ? "not set" : "empty", why.empty() ? "" : ": ", why)};
}

std::string expand(std::string_view text, const Environment& environment, int level,
                   Writing writing) {
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
      const Writing here = writing_between(text.substr(0, at), text.substr(end + 1));
      result += evaluate(text.substr(at + 2, end - at - 2), environment, level,
                         here == Writing::as_is ? writing : here);
      at = end;
    }
    if (result.size() > longest_result) throw ConfigError{"longer than 1 MiB once expanded"};
  }
  return result;
}

}  // namespace

std::string interpolate(std::string_view text, const Environment& environment) {
  return expand(text, environment, 0, Writing::as_is);
}

bool has_expression(std::string_view text) {
  std::size_t at = text.find('$');
  while (at != std::string_view::npos && at + 1 < text.size()) {
    if (text[at + 1] == '{') return true;
    at = text.find('$', at + (text[at + 1] == '$' ? 2 : 1));
  }
  return false;
}

}  // namespace hangar
