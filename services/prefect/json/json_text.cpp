#include "prefect/json/json_text.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory_resource>

#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/json/number.hpp"

namespace hangar::prefect {

namespace {

using Kind = JsonValue::Kind;

void append_unit(std::string& out, unsigned unit) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[(unit >> shift) & 0xF];
}

/// Escapes the character that starts the text; returns its bytes.
std::size_t append_escaped(std::string& out, std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  constexpr std::string_view controls = "\b\f\n\r\t\"\\";
  constexpr std::string_view names = "bfnrt\"\\";
  if (const std::size_t known = controls.find(text.front()); known != std::string_view::npos) {
    out += '\\';
    out += names[known];
    return 1;
  }
  if (lead < 0x80) {
    append_unit(out, lead);
    return 1;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  unsigned code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  if (code >= 0x10000) {
    append_unit(out, 0xD800 + ((code - 0x10000) >> 10));
    append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
  } else {
    append_unit(out, code);
  }
  return length;
}

void append_object(std::string& out, JsonValue value) {
  const JsonMembers members{value};
  out += '{';
  bool first = true;
  for (const auto& member : members) {
    if (!first) out += ", ";
    first = false;
    append_json_string(out, member.key);
    out += ": ";
    append_json(out, member.value);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && text[run] >= 0x20 && text[run] < 0x7F && text[run] != '"' &&
           text[run] != '\\') {
      ++run;
    }
    out.append(text, 0, run);
    text.remove_prefix(run);
    if (!text.empty()) text.remove_prefix(append_escaped(out, text));
  }
  out += '"';
}

void append_json_string(std::string& out, JsonValue string) {
  FieldReader::refuse_nul(string);
  if (string.printable()) {
    out += '"';
    out += string.token();
    out += '"';
    return;
  }
  std::array<std::byte, 512> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  append_json_string(out, string.text(memory));
}

void append_json_real(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_real(out, value);
  } else {
    out += "null";
  }
}

void append_json(std::string& out, JsonValue value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::boolean:
      out += value.token();
      break;
    case Kind::integer:
      out += value.token() == "-0" ? "0" : value.token();
      break;
    case Kind::real:
      append_json_real(out, to_real(value.token()));
      break;
    case Kind::string:
      append_json_string(out, value);
      break;
    case Kind::object:
      append_object(out, value);
      break;
    case Kind::array: {
      out += '[';
      bool first = true;
      value.each_element([&](JsonValue element) {
        if (!first) out += ", ";
        first = false;
        append_json(out, element);
      });
      out += ']';
      break;
    }
  }
}

}  // namespace hangar::prefect
