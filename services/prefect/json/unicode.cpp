#include "prefect/json/unicode.hpp"

#include <algorithm>
#include <array>

namespace hangar::prefect {

namespace {

/// The zeros of Unicode 14's decimal digits (category Nd), each followed by one to nine; Python
/// 3.11's table.
constexpr std::array<char32_t, 66> zeros{
    0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
    0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

/// The code point that starts the text, which is well-formed and not empty.
char32_t first_code_point(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return lead;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return code;
}

std::size_t first_length(std::string_view text) noexcept {
  std::size_t length = 1;
  while (length < text.size() && continues(text[length])) ++length;
  return length;
}

}  // namespace

std::size_t count_code_points(std::string_view text) noexcept {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(first_code_point(text))) {
    text.remove_prefix(first_length(text));
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && continues(text[last])) --last;
    if (!is_space(first_code_point(text.substr(last)))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::optional<std::string> fold_digits(std::string_view text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return std::string{text};
  std::string folded;
  for (; !text.empty(); text.remove_prefix(first_length(text))) {
    const char32_t code = first_code_point(text);
    const auto above = std::upper_bound(zeros.begin(), zeros.end(), code);
    if (code < 0x80) {
      folded += text.front();
    } else if (is_space(code)) {
      folded += ' ';
    } else if (above != zeros.begin() && code - *(above - 1) < 10) {
      folded += static_cast<char>('0' + (code - *(above - 1)));
    } else {
      return std::nullopt;
    }
  }
  return folded;
}

}  // namespace hangar::prefect
