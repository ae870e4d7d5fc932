#include "config/mask_url.hpp"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <cctype>

namespace hangar {
namespace {

constexpr std::string_view mask = "********";
constexpr std::string_view scheme_end = "://";
constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::string_view token_end = " \t\r\n\v\f\"'`<>";
constexpr auto npos = std::string_view::npos;

bool is_word(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

bool names_secret(std::string_view word) {
  const std::string name = boost::algorithm::to_lower_copy(std::string{word});
  return name == "pass" || name == "pwd" || name.ends_with("password") ||
         name.ends_with("passwd") || name.ends_with("token");
}

/// One past the value that begins at `begin`, by libpq's rules for keyword DSNs.
std::size_t value_end(std::string_view text, std::size_t begin, bool in_query) {
  const char quote = text[begin];
  const bool quoted = quote == '\'' || quote == '"';
  for (std::size_t at = begin + (quoted ? 1 : 0); at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (quoted) {
      if (text[at] == quote) return at + 1;
    } else if (blanks.find(text[at]) != npos || (in_query && text[at] == '&')) {
      return at;
    }
  }
  return text.size();
}

/// Where the value of the first `password=` or its kind begins; npos when there is none.
std::size_t first_secret(std::string_view text) {
  for (std::size_t equals = text.find('='); equals != npos; equals = text.find('=', equals + 1)) {
    std::size_t word_end = equals;
    while (word_end > 0 && blanks.find(text[word_end - 1]) != npos) --word_end;
    std::size_t word = word_end;
    while (word > 0 && is_word(text[word - 1])) --word;
    if (names_secret(text.substr(word, word_end - word))) return equals + 1;
  }
  return npos;
}

std::string mask_pairs(std::string_view text) {
  std::string result;
  std::size_t copied = 0;
  for (std::size_t equals = text.find('='); equals != npos; equals = text.find('=', equals + 1)) {
    if (equals < copied) continue;
    std::size_t word_end = equals;
    while (word_end > copied && blanks.find(text[word_end - 1]) != npos) --word_end;
    std::size_t word = word_end;
    while (word > copied && is_word(text[word - 1])) --word;
    const std::size_t begin = text.find_first_not_of(blanks, equals + 1);
    if (begin == npos || !names_secret(text.substr(word, word_end - word))) continue;
    if (text.substr(begin).starts_with(mask)) continue;
    const bool in_query = word > 0 && (text[word - 1] == '?' || text[word - 1] == '&');
    result.append(text.substr(copied, begin - copied)).append(mask);
    copied = value_end(text, begin, in_query);
  }
  return result.append(text.substr(copied));
}

/// Whether this is `host`, `host:port` or several of them: nothing that could hide a password.
bool is_plain_host(std::string_view authority) {
  // A sentence goes on after a URL.
  while (!authority.empty() && std::string_view{":.,;)!]}"}.find(authority.back()) != npos) {
    if (authority.back() == ']' && authority.find('[') != npos) break;
    authority.remove_suffix(1);
  }
  bool in_port = false;
  bool in_brackets = false;
  for (const char character : authority) {
    if (in_brackets) {
      in_brackets = character != ']';
    } else if (character == ',') {
      in_port = false;
    } else if (character == ':') {
      if (in_port) return false;
      in_port = true;
    } else if (in_port) {
      if (std::isdigit(static_cast<unsigned char>(character)) == 0) return false;
    } else if (character == '[') {
      in_brackets = true;
    } else if (!is_word(character) && character != '.' && character != '-') {
      return false;
    }
  }
  return true;
}

/// A user without a password may be a token.
std::string masked_user_part(std::string_view user_part) {
  return std::string{user_part.substr(0, user_part.find(':') + 1)}.append(mask);
}

/// What follows `scheme://`, up to the next URL.
std::string mask_authority(std::string_view rest) {
  const std::string_view token = rest.substr(0, rest.find_first_of(token_end));
  // A path without a host, unless the slash is one too many.
  if (rest.starts_with('/') && token.find('@') == npos) return std::string{rest};
  const std::string_view authority = token.substr(0, token.find_first_of("/?#"));
  std::size_t at = token.rfind('@');
  if (at == npos && !is_plain_host(authority)) {
    // A password with a blank or a quote in it, or one that was cut off.
    at = rest.rfind('@');
    const std::size_t colon = authority.find(':');
    if (at == npos && colon != npos) {
      return std::string{rest.substr(0, colon + 1)}.append(mask).append(rest.substr(token.size()));
    }
  }
  if (at == npos) return std::string{rest};
  return masked_user_part(rest.substr(0, at)).append(rest.substr(at));
}

std::string mask_users(std::string_view text) {
  std::size_t found = text.find(scheme_end);
  if (found == npos) {
    const std::size_t at = text.rfind('@');
    const bool no_server =
        at == npos || text.find_first_of(blanks) != npos || text.substr(0, at).find('/') != npos;
    if (no_server) return std::string{text};
    return masked_user_part(text.substr(0, at)).append(text.substr(at));
  }
  std::string result;
  std::size_t copied = 0;
  while (found != npos) {
    const std::size_t begin = found + scheme_end.size();
    const std::size_t next = text.find(scheme_end, begin);
    std::size_t end = text.size();
    if (next != npos) {
      const std::size_t separator = text.find_last_of(" \t\r\n,;|\"'`<>([{", next);
      end = separator != npos && separator >= begin ? separator : next;
    }
    result.append(text.substr(copied, begin - copied))
        .append(mask_authority(text.substr(begin, end - begin)));
    copied = end;
    found = next;
  }
  return result.append(text.substr(copied));
}

bool is_scheme(std::string_view text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::ranges::all_of(text, [](char character) {
           return (is_word(character) && character != '_') ||
                  std::string_view{"+.-"}.find(character) != npos;
         });
}

/// What stands before the last `@`. A colon or a mark too many may be one of the password.
std::string shown_user_part(std::string_view user_part) {
  const std::string_view user = user_part.substr(0, user_part.find(':'));
  const bool plain = std::ranges::all_of(user, [](char character) {
    return is_word(character) || std::string_view{"+.-%"}.find(character) != npos;
  });
  return plain ? masked_user_part(user_part) : std::string{mask};
}

/// What follows `scheme://` in a text that is nothing but a URL.
std::string shown_rest(std::string_view rest) {
  const std::size_t secret = first_secret(rest);
  const std::size_t at = rest.rfind('@');
  if (at != npos) {
    if (secret < at) return std::string{mask};
    std::string shown = shown_user_part(rest.substr(0, at));
    shown += rest.substr(at, secret == npos ? npos : secret - at);
    return secret == npos ? shown : shown.append(mask);
  }
  if (!is_plain_host(rest.substr(0, rest.find_first_of("/?#")))) return std::string{mask};
  return secret == npos ? std::string{rest} : std::string{rest.substr(0, secret)}.append(mask);
}

std::string shown_without_scheme(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const bool lost_scheme = text.starts_with("//") && at != npos;
  if (text.starts_with("./") || text.starts_with("../")) return std::string{text};
  if (text.starts_with('/') && !lost_scheme) return std::string{text};
  if (const std::size_t secret = first_secret(text); secret != npos) {
    const std::string_view before = text.substr(0, secret);
    const bool keywords = before.find_first_of(":@/") == npos;
    return std::string{keywords ? before : ""}.append(mask);
  }
  if (at != npos) {
    const std::string_view server = text.substr(at + 1);
    if (!is_plain_host(server)) return std::string{mask};
    return shown_user_part(text.substr(0, at)).append("@").append(server);
  }
  const bool harmless = text.find("//") == npos && (text.find(':') == npos || is_plain_host(text));
  return std::string{harmless ? text : mask};
}

}  // namespace

std::string shown_url(std::string_view url) {
  const std::size_t end = url.find(scheme_end);
  const std::string_view scheme = url.substr(0, end);
  if (end == npos || !is_scheme(scheme)) return shown_without_scheme(url);
  const std::string_view rest = url.substr(end + scheme_end.size());
  return std::string{url.substr(0, end + scheme_end.size())}.append(shown_rest(rest));
}

std::string mask_url(std::string_view text) { return mask_users(mask_pairs(text)); }

}  // namespace hangar
