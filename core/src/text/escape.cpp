#include "text/escape.hpp"

#include <fmt/format.h>

#include <boost/nowide/utf/utf.hpp>
#include <iterator>

namespace hangar {
namespace {

namespace utf = boost::nowide::utf;

/// Takes the code point that the bytes begin with; `utf::illegal` and one byte when there is none.
utf::code_point take(std::string_view& bytes, std::string_view& taken) {
  const auto* at = bytes.begin();
  utf::code_point point = utf::utf_traits<char>::decode(at, bytes.end());
  if (!utf::is_valid_codepoint(point)) {
    point = utf::illegal;
    at = std::next(bytes.begin());
  }
  taken = bytes.substr(0, static_cast<std::size_t>(at - bytes.begin()));
  bytes.remove_prefix(taken.size());
  return point;
}

/// C0, delete, and the C1 controls, of which U+009B begins a sequence as ESC [ does.
bool is_control(utf::code_point point) noexcept {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point < 0xA0);
}

}  // namespace

std::string escaped(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::string_view taken; !bytes.empty();) {
    const utf::code_point point = take(bytes, taken);
    if (point != utf::illegal && !is_control(point)) {
      text += taken;
      continue;
    }
    for (const char c : taken) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

bool is_utf8(std::string_view bytes) noexcept {
  for (std::string_view taken; !bytes.empty();) {
    if (take(bytes, taken) == utf::illegal) return false;
  }
  return true;
}

}  // namespace hangar
