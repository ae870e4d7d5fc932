#include "text/escape.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace hangar {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

bool continues(unsigned byte) noexcept { return (byte & 0xC0U) == 0x80U; }

/// Bytes of the code point that the text begins with; 0 when it is none (Unicode, table 3-7).
std::size_t code_point(std::string_view text) noexcept {
  const unsigned first = byte_at(text, 0);
  const unsigned second = byte_at(text, 1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !continues(second)) return 0;
  if (first < 0xE0) return 2;
  if (!continues(byte_at(text, 2))) return 0;
  if (first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xF0 && second < 0x90;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || too_large || !continues(byte_at(text, 3)) ? 0 : 4;
}

/// C0, delete, and the C1 controls, of which U+009B begins a sequence as ESC [ does.
bool is_control(std::string_view point) noexcept {
  const unsigned first = byte_at(point, 0);
  if (point.size() == 1) return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  return first == 0xC2 && byte_at(point, 1) < 0xA0;
}

}  // namespace

std::string escaped(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = code_point(bytes);
    const std::string_view point = bytes.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_control(point)) {
      for (const char c : point) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
      }
    } else {
      text += point;
    }
    bytes.remove_prefix(point.size());
  }
  return text;
}

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = code_point(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace hangar
