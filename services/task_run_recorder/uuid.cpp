#include "uuid.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "unicode.hpp"

namespace hangar::recorder {

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

bool is_hyphen_position(std::size_t i) noexcept { return i == 8 || i == 13 || i == 18 || i == 23; }

std::optional<Uuid> read_digits(std::string_view text, bool hyphens) noexcept {
  Uuid id;
  std::size_t at = 0;
  unsigned faults = 0;
  for (auto& byte : id.bytes) {
    if (hyphens && is_hyphen_position(at)) faults |= text[at++] != '-' ? 0x80U : 0U;
    const unsigned high = hex_value(text[at]);
    const unsigned low = hex_value(text[at + 1]);
    faults |= (high | low) & 0x80U;
    byte = static_cast<std::uint8_t>((high << 4) | low);
    at += 2;
  }
  if (faults != 0) return std::nullopt;
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
      return read_digits(text, false);
    case 36:
      return read_digits(text, true);
    case 38:
      if (text.front() != '{' || text.back() != '}') return std::nullopt;
      return read_digits(text.substr(1, 36), true);
    case 45:
      if (!text.starts_with(urn)) return std::nullopt;
      return read_digits(text.substr(urn.size()), true);
    default:
      return std::nullopt;
  }
}

std::optional<Uuid> parse_resource_uuid(std::string_view text) {
  if (text.size() == 36) {
    if (const auto id = read_digits(text, true)) return id;
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
  return read_digits(*digits, false);
}

void write_uuid(const Uuid& id, char* text) noexcept {
  constexpr std::string_view hex = "0123456789abcdef";
  std::size_t at = 0;
  for (const std::uint8_t byte : id.bytes) {
    if (is_hyphen_position(at)) text[at++] = '-';
    text[at++] = hex[byte >> 4];
    text[at++] = hex[byte & 0xF];
  }
}

void append_uuid(std::string& out, const Uuid& id) {
  std::array<char, 36> text{};
  write_uuid(id, text.data());
  out.append(text.data(), text.size());
}

}  // namespace hangar::recorder
