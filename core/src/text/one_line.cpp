#include "text/one_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <string_view>

#include "hangar/error.hpp"

namespace hangar {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

void trim(std::string& text) {
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  text.erase(text.find_last_not_of("\r\n") + 1);
}

void refuse_controls(std::string_view text, std::string_view allowed) {
  const auto found = std::ranges::find_if(text, [&](unsigned char byte) {
    const bool control = byte < 0x20 || byte == 0x7f;
    return control && allowed.find(static_cast<char>(byte)) == allowed.npos;
  });
  if (found == text.end()) return;
  throw ConfigError{fmt::format("holds a control character (0x{:02x} at byte {}): remove it",
                                static_cast<unsigned char>(*found), found - text.begin() + 1)};
}

}  // namespace

std::string one_line(std::string text) {
  trim(text);
  refuse_controls(text, "");
  return text;
}

std::string plain_lines(std::string text) {
  trim(text);
  boost::algorithm::replace_all(text, "\r\n", "\n");
  refuse_controls(text, "\n\t");
  return text + '\n';
}

}  // namespace hangar
