#include "prefect/json/compact_json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <memory_resource>

#include "prefect/json/json_members.hpp"
#include "prefect/json/number.hpp"

namespace hangar::prefect {
namespace {

using Kind = JsonValue::Kind;

void append_string(std::string& out, JsonValue string) {
  if (!string.escaped()) {
    out += '"';
    out += string.token();
    out += '"';
    return;
  }
  std::array<std::byte, 512> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  append_compact_string(out, string.text(memory));
}

/// The shortest digits that give the value back, as pydantic writes them: `1.0`, `1e+16`, `1e-6`.
void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  std::string_view text{buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())};
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t digits_at = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text.data() + digits_at, text.data() + text.size(), exponent);
  if (exponent >= -5 && exponent < 16) {
    if (exponent >= -4) return append_real(out, value);
    // Python's form of 1e-05 has an exponent, and this one has none.
    if (text.front() == '-') out += '-';
    out += "0.0000";
    for (const char c : text.substr(0, mark)) {
      if (c != '.' && c != '-') out += c;
    }
    return;
  }
  out += text.substr(0, mark);
  out += exponent < 0 ? "e" : "e+";
  out += std::to_string(exponent);
}

}  // namespace

void append_compact_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view controls = "\b\f\n\r\t\"\\";
  constexpr std::string_view names = "bfnrt\"\\";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t known = controls.find(c); known != std::string_view::npos) {
      out += '\\';
      out += names[known];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_compact_json(std::string& out, JsonValue value) {
  bool first = true;
  switch (value.kind()) {
    case Kind::null:
    case Kind::boolean:
      out += value.token();
      break;
    case Kind::integer:
      out += value.token() == "-0" ? "0" : value.token();
      break;
    case Kind::real:
      append_number(out, to_real(value.token()));
      break;
    case Kind::string:
      append_string(out, value);
      break;
    case Kind::object:
      out += '{';
      if (value.size() > 0) {
        for (const auto& member : JsonMembers{value}) {
          if (!first) out += ',';
          first = false;
          append_string(out, member.key);
          out += ':';
          append_compact_json(out, member.value);
        }
      }
      out += '}';
      break;
    case Kind::array:
      out += '[';
      value.each_element([&](JsonValue element) {
        if (!first) out += ',';
        first = false;
        append_compact_json(out, element);
      });
      out += ']';
      break;
  }
}

}  // namespace hangar::prefect
