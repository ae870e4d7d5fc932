#include "prefect/json/compact_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>

#include "prefect/json/json_members.hpp"
#include "prefect/json/number.hpp"

namespace hangar::prefect {
namespace {

using Kind = JsonValue::Kind;

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

/// Writes values, and takes together what the document has in this form already: what clients send
/// is so but for a few tokens, and is copied at once.
class CompactWriter {
 public:
  explicit CompactWriter(std::string& out) : out_{out} {}
  CompactWriter(const CompactWriter&) = delete;
  CompactWriter& operator=(const CompactWriter&) = delete;
  ~CompactWriter() = default;

  void write(JsonValue value);
  void flush() {
    out_.append(kept_.data(), kept_.size());
    kept_ = {};
  }

 private:
  /// Of the document.
  void keep(std::string_view text) {
    if (text.data() != kept_.data() + kept_.size()) {
      flush();
      kept_ = text;
    } else {
      kept_ = {kept_.data(), kept_.size() + text.size()};
    }
  }
  void put(std::string_view text) {
    flush();
    out_ += text;
  }
  void write_string(JsonValue string);
  void write_real(JsonValue real);
  void write_object(JsonValue object);
  void write_members_once(JsonValue object);

  std::string& out_;
  std::string_view kept_;
};

/// Whether two members may have the same name. Says so too often, but seldom.
bool may_repeat(JsonValue object) {
  constexpr std::size_t most = 32;
  if (object.size() > most) return true;
  std::array<std::uint32_t, most> marks;  // not filled with anything, for it is not small
  std::size_t count = 0;
  bool found = false;
  object.each_member([&](JsonValue key, JsonValue) {
    const std::string_view name = key.token();
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (name.size() >= sizeof first) {
      std::memcpy(&first, name.data(), sizeof first);
      std::memcpy(&last, name.data() + name.size() - sizeof last, sizeof last);
    } else {
      std::memcpy(&first, name.data(), name.size());
    }
    std::uint64_t mixed = (first ^ name.size()) * 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ (mixed >> 32U) ^ last) * 0xC2B2AE3D27D4EB4FU;
    const auto mark = static_cast<std::uint32_t>(mixed >> 32U);
    found |= key.escaped();
    for (std::size_t i = 0; i < count; ++i) found |= marks[i] == mark;
    marks[count++] = mark;
  });
  return found;
}

void CompactWriter::write_string(JsonValue string) {
  if (!string.escaped()) return keep(string.quoted());
  std::array<std::byte, 512> buffer;
  std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
  flush();
  append_compact_string(out_, string.text(memory));
}

void CompactWriter::write_real(JsonValue real) {
  flush();
  append_number(out_, to_real(real.token()));
}

void CompactWriter::write_members_once(JsonValue object) {
  put("{");
  bool first = true;
  for (const auto& member : JsonMembers{object}) {
    if (!first) put(",");
    first = false;
    write_string(member.key);
    put(":");
    write(member.value);
  }
  put("}");
}

void CompactWriter::write_object(JsonValue object) {
  if (may_repeat(object)) return write_members_once(object);
  keep(object.mark());
  object.each_member([&](JsonValue key, JsonValue value) {
    write_string(key);
    keep(key.next_mark());
    write(value);
    keep(value.mark_behind());
  });
}

void CompactWriter::write(JsonValue value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::boolean:
      return keep(value.token());
    case Kind::integer:
      return value.token() == "-0" ? put("0") : keep(value.token());
    case Kind::real:
      return write_real(value);
    case Kind::string:
      return write_string(value);
    case Kind::object:
      return value.size() > 0 ? write_object(value) : put("{}");
    case Kind::array:
      if (value.size() == 0) return put("[]");
      keep(value.mark());
      value.each_element([&](JsonValue element) {
        write(element);
        keep(element.mark_behind());
      });
  }
}

}  // namespace

void append_compact_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  constexpr std::string_view controls = "\b\f\n\r\t\"\\";
  constexpr std::string_view names = "bfnrt\"\\";
  const auto plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  };
  out += '"';
  while (true) {
    const auto* const special = std::find_if_not(text.begin(), text.end(), plain);
    out.append(text.begin(), special);
    if (special == text.end()) break;
    const char c = *special;
    const auto byte = static_cast<unsigned char>(c);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()) + 1);
    if (const std::size_t known = controls.find(c); known != std::string_view::npos) {
      out += '\\';
      out += names[known];
    } else {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 0xFU];
    }
  }
  out += '"';
}

void append_compact_json(std::string& out, JsonValue value) {
  CompactWriter writer{out};
  writer.write(value);
  writer.flush();
}

}  // namespace hangar::prefect
