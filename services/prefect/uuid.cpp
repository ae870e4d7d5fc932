#include "prefect/uuid.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

constexpr std::array<std::uint8_t, 256> hex_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xFF);
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) {
    values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return values;
}();

std::uint8_t hex_value(char c) noexcept { return hex_values[static_cast<unsigned char>(c)]; }

constexpr std::array<std::array<char, 2>, 256> hex_pairs = [] {
  constexpr std::string_view hex = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {hex[i >> 4], hex[i & 0xF]};
  return pairs;
}();

/// Where the digits of each byte stand in the form with hyphens, and where these do.
constexpr std::array<std::uint8_t, 16> hyphenated{0,  2,  4,  6,  9,  11, 14, 16,
                                                  19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::array<std::uint8_t, 4> hyphens{8, 13, 18, 23};

/// The text has 36 characters, or 32 where it has no hyphens.
template <bool with_hyphens>
std::optional<Uuid> read_digits(std::string_view text) noexcept {
  const char* const digits = text.data();
  Uuid id;
  unsigned faults = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const char* const pair = digits + (with_hyphens ? hyphenated[i] : 2 * i);
    const unsigned high = hex_value(pair[0]);
    const unsigned low = hex_value(pair[1]);
    faults |= high | low;
    id.bytes[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  if constexpr (with_hyphens) {
    for (const std::uint8_t at : hyphens) faults |= digits[at] == '-' ? 0U : 0x80U;
  }
  if ((faults & 0x80U) != 0) return std::nullopt;
  return id;
}

void erase_all(std::string& text, std::string_view part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

/// The digits of `int(text, 16)` without what it ignores, or none where it refuses the text.
std::optional<std::string> hex_integer_digits(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  if (text.front() == '+') text.remove_prefix(1);
  bool digit_before = false;
  if (text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
    digit_before = true;  // An underscore may follow the prefix.
  }
  std::string digits;
  for (const char c : text) {
    if (c == '_') {
      if (!digit_before) return std::nullopt;
      digit_before = false;
      continue;
    }
    if (hex_value(c) > 15) return std::nullopt;
    digits += c;
    digit_before = true;
  }
  if (digits.empty() || !digit_before) return std::nullopt;
  return digits;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
  constexpr std::string_view urn = "urn:uuid:";
  switch (text.size()) {
    case 32:
      return read_digits<false>(text);
    case 36:
      return read_digits<true>(text);
    case 38:
      if (text.front() != '{' || text.back() != '}') return std::nullopt;
      return read_digits<true>(text.substr(1, 36));
    case 45:
      if (!text.starts_with(urn)) return std::nullopt;
      return read_digits<true>(text.substr(urn.size()));
    default:
      return std::nullopt;
  }
}

std::optional<Uuid> parse_resource_uuid(std::string_view text) {
  if (text.size() == 36) {
    if (const auto id = read_digits<true>(text)) return id;
  }
  std::string hex{text};
  erase_all(hex, "urn:");
  erase_all(hex, "uuid:");
  const std::size_t first = hex.find_first_not_of("{}");
  if (first == std::string::npos) return std::nullopt;
  hex = hex.substr(first, hex.find_last_not_of("{}") - first + 1);
  std::erase(hex, '-');
  if (count_code_points(hex) != 32) return std::nullopt;
  const auto folded = fold_digits(hex);
  if (!folded) return std::nullopt;
  auto digits = hex_integer_digits(*folded);
  if (!digits) return std::nullopt;
  digits->insert(0, 32 - digits->size(), '0');
  return read_digits<false>(*digits);
}

void write_uuid(const Uuid& id, char* text) noexcept {
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    std::memcpy(text + hyphenated[i], hex_pairs[id.bytes[i]].data(), 2);
  }
  for (const std::uint8_t at : hyphens) text[at] = '-';
}

void append_uuid(std::string& out, const Uuid& id) {
  std::array<char, 36> text{};
  write_uuid(id, text.data());
  out.append(text.data(), text.size());
}

}  // namespace hangar::prefect
