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

/// Copies a value together as far as it has this form already, as what clients send has but for a
/// few tokens.
class CompactCopy {
 public:
  CompactCopy(std::string& out, const JsonDocument& document)
      : out_{out},
        document_{document},
        text_{document.text_.data()},
        escape_{std::min(document.first_escape_, document.text_.size())} {}

  /// Whether it is written; a name may be there twice in what is not.
  bool copy(JsonValue value) {
    const std::uint32_t end = value.after();
    for (std::uint32_t mark = value.mark_; mark < end; ++mark) {
      const std::size_t at = document_.marks_[mark];
      switch (text_[at]) {
        case '{':
          names_.open();
          keep(at, at + 1);
          break;
        case '}':
          names_.close();
          keep(at, at + 1);
          break;
        case '[':
        case ']':
        case ':':
        case ',':
          keep(at, at + 1);
          break;
        case '"':
          if (!copy_string(mark)) return false;
          break;
        default:
          copy_word(JsonValue{&document_, mark});
      }
    }
    flush();
    return true;
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

  void flush() {
    out_.append(text_ + begin_, end_ - begin_);
    begin_ = end_;
  }
  void keep(std::size_t begin, std::size_t end) {
    if (begin != end_) {
      flush();
      begin_ = begin;
    }
    end_ = end;
  }
  /// The next comes in the place of what stands there.
  void leave_out(std::size_t end) {
    flush();
    begin_ = end_ = end;
  }

  bool copy_string(std::uint32_t mark) {
    const std::size_t at = document_.marks_[mark];
    const std::string_view quoted = document_.scalar(mark);
    if (escape_ < at) escape_ = std::min(document_.text_.find('\\', at), document_.text_.size());
    const bool escaped = escape_ < at + quoted.size();
    if (document_.at(mark + 1) == ':') {
      if (escaped || names_.repeats(quoted.substr(1, quoted.size() - 2))) return false;
    }
    if (!escaped) {
      keep(at, at + quoted.size());
    } else {
      leave_out(at + quoted.size());
      append_string(out_, JsonValue{&document_, mark});
    }
    return true;
  }

  void copy_word(JsonValue value) {
    const std::string_view token = value.token();
    const auto at = static_cast<std::size_t>(token.data() - text_);
    const Kind kind = value.kind();
    const bool same = kind == Kind::real ? is_shortest(token) : token != "-0";
    if (same) return keep(at, at + token.size());
    leave_out(at + token.size());
    append_each(out_, value);
  }

  std::string& out_;
  const JsonDocument& document_;
  const char* text_;
  std::size_t escape_;  ///< The next, or one that is behind.
  // What is in the right form and not written yet.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  OpenNames names_;
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
  const std::size_t before = out.size();
  if (CompactCopy{out, value.document()}.copy(value)) return;
  out.resize(before);
  append_each(out, value);
}

}  // namespace hangar::prefect
