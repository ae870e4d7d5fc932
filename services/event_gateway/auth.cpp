#include "auth.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"

namespace hangar::gateway {
namespace {

using Kind = prefect::JsonValue::Kind;

/// The bytes of a Base64 text, where characters that are not of its alphabet say nothing, as in
/// Python; none when it is not whole.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t count = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '=') {
      if (count % 4 >= 2 && count % 4 + ++padding == 4) break;
      continue;
    }
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) continue;
    padding = 0;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (++count % 4 != 1) {
      const std::size_t left = (4 - count % 4) % 4 * 2;
      bytes += static_cast<char>(bits >> left);
    }
  }
  const bool whole = count % 4 == 0 || count % 4 + padding == 4;
  return whole ? std::optional{bytes} : std::nullopt;
}

std::string_view next_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

bool equals_secret(std::string_view given, std::string_view secret) noexcept {
  if (given.size() != secret.size()) return false;
  unsigned different = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const unsigned one = static_cast<unsigned char>(given[i]);
    const unsigned other = static_cast<unsigned char>(secret[i]);
    different |= one ^ other;
  }
  return different == 0;
}

bool is_authorized(std::string_view header, std::string_view secret) {
  const std::string_view scheme = next_word(header);
  const std::string_view credentials = next_word(header);
  if (scheme != "Basic" || credentials.empty() || !next_word(header).empty()) return false;
  const auto decoded = decode_base64(credentials);
  return decoded && equals_secret(*decoded, secret);
}

AuthAnswer answer_to_auth(prefect::JsonValue message, std::string_view secret) {
  using Answer = AuthAnswer::Kind;
  enum Member : std::size_t { type, token, count };
  static constexpr prefect::MemberNames<count> names{
      std::array<std::string_view, count>{"type", "token"}};
  if (!message.is(Kind::object)) return {Answer::dropped};
  const auto values = names.pick(message);
  std::array<std::byte, 512> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  const bool is_auth =
      values[type] && values[type].is(Kind::string) && values[type].text(memory) == "auth";
  if (!is_auth) return {Answer::refused, "Expected 'auth' message"};
  if (secret.empty()) return {};
  if (!prefect::FieldReader::is_truthy(values[token])) {
    return {Answer::refused, "Auth required but no token provided"};
  }
  if (!values[token].is(Kind::string)) return {Answer::dropped};
  if (!equals_secret(values[token].text(memory), secret)) return {Answer::refused, "Invalid token"};
  return {};
}

}  // namespace hangar::gateway
