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
#include "prefect/json/unicode.hpp"

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

/// Whether the digits are those that `append_number` makes of their value: of no more than 15 there
/// are no fewer that are nearest to the same.
bool is_shortest(std::string_view real) {
  constexpr std::size_t most = 16;  // 15 digits and the point
  if (real.front() == '-') real.remove_prefix(1);
  const std::size_t point = real.find('.');
  if (point == std::string_view::npos || real.size() > most) return false;
  const std::string_view whole = real.substr(0, point);
  const std::string_view part = real.substr(point + 1);
  if (!std::all_of(part.begin(), part.end(), is_digit)) return false;
  return part == "0" || (part.back() != '0' && (whole != "0" || part.front() != '0'));
}

/// Of any value, member by member.
void append_each(std::string& out, JsonValue value) {
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ',';
    first = false;
  };
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
      for (const auto& member : JsonMembers{value}) {
        comma();
        append_string(out, member.key);
        out += ':';
        append_each(out, member.value);
      }
      out += '}';
      break;
    case Kind::array:
      out += '[';
      value.each_element([&](JsonValue element) {
        comma();
        append_each(out, element);
      });
      out += ']';
      break;
  }
}

}  // namespace

/// Whether an array or object stands in its document in this form already, as in what Prefect's
/// clients send. Says no where that is seldom, and not worth a look.
class CompactForm {
 public:
  explicit CompactForm(const JsonDocument& document)
      : document_{document}, escape_{std::min(document.first_escape_, document.text_.size())} {}

  bool is_of(JsonValue container) {
    const char* const text = document_.text_.data();
    const std::uint32_t* const marks = document_.marks_;
    const std::uint32_t last = container.after() - 1;
    bool blanks = false;
    for (std::uint32_t mark = container.mark_; mark < last; ++mark) {
      const char* const token = text + marks[mark];
      const char* next = text + marks[mark + 1];
      blanks |= is_blank(next[-1]);
      if (*token == '"') {
        if (text + escape_ < next && !is_escaped_right(mark)) return false;
        if (*next != ':') continue;
        if (names_.repeats({token + 1, static_cast<std::size_t>(next - token) - 2})) return false;
        next = text + marks[++mark + 1];
        blanks |= is_blank(next[-1]);
      } else if (*token == '{') {
        names_.open();
      } else if (*token == '}') {
        names_.close();
      } else if (*token != ',' && *token != '[' && *token != ']') {
        if (!is_word_right(JsonValue{&document_, mark})) return false;
      }
    }
    return !blanks;
  }

 private:
  /// The names of the objects that are open, as numbers that seldom are the same for two.
  class OpenNames {
   public:
    void open() {
      if (depth_ < begins_.size()) begins_[depth_] = count_;
      ++depth_;
    }
    void close() {
      if (--depth_ < begins_.size()) count_ = begins_[depth_];
    }
    /// Whether it may be there already, or cannot be told.
    bool repeats(std::string_view name) {
      if (depth_ > begins_.size() || count_ == names_.size()) return true;
      const std::uint32_t number = number_of(name);
      bool found = false;
      for (std::size_t i = begins_[depth_ - 1]; i < count_; ++i) found |= names_[i] == number;
      names_[count_++] = number;
      return found;
    }

   private:
    static std::uint32_t number_of(std::string_view name) {
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
      return static_cast<std::uint32_t>(mixed >> 32U);
    }

    // Neither is filled with anything, for they are not small.
    std::array<std::uint32_t, 128> names_;
    std::array<std::size_t, 32> begins_;
    std::size_t depth_ = 0;
    std::size_t count_ = 0;
  };

  // Between the tokens are blanks alone, or nothing.
  static bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

  // The two that follow are seldom called, and would take registers of the loop.
  /// Of a string that has an escape, if the next one is in it at all.
  [[gnu::noinline]] bool is_escaped_right(std::uint32_t mark) {
    const std::size_t begin = document_.marks_[mark];
    if (escape_ < begin)
      escape_ = std::min(document_.text_.find('\\', begin), document_.text_.size());
    if (escape_ >= document_.marks_[mark + 1]) return true;
    if (document_.at(mark + 1) == ':') return false;
    const JsonValue string{&document_, mark};
    spelled_.clear();
    append_string(spelled_, string);
    return std::string_view{spelled_}.substr(1, spelled_.size() - 2) == string.token();
  }

  [[gnu::noinline]] bool is_word_right(JsonValue value) {
    const std::string_view token = value.token();
    switch (value.kind()) {
      case Kind::real:
        if (is_shortest(token)) return true;
        spelled_.clear();
        append_number(spelled_, to_real(token));
        return spelled_ == token;
      case Kind::integer:
        return token != "-0";
      default:
        return true;
    }
  }

  const JsonDocument& document_;
  std::size_t escape_;  ///< The next, or one that is behind.
  OpenNames names_;
  std::string spelled_;
};

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
  const bool container = value.is(Kind::object) || value.is(Kind::array);
  if (container && CompactForm{value.document()}.is_of(value)) {
    out += value.token();
  } else {
    append_each(out, value);
  }
}

}  // namespace hangar::prefect
