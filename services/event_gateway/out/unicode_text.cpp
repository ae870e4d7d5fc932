#include "out/unicode_text.hpp"

#include <clocale>
#include <cmath>
#include <cwctype>
#include <memory>
#include <memory_resource>
#include <type_traits>

#include "prefect/json/json_members.hpp"
#include "prefect/json/number.hpp"

namespace hangar::gateway {
namespace {

using Kind = prefect::JsonValue::Kind;

/// The C library's tables of Unicode; none where it has no such locale.
class UnicodeTables {
 public:
  static const UnicodeTables& instance() {
    static const UnicodeTables tables;
    return tables;
  }

  [[nodiscard]] char32_t lower(char32_t c) const noexcept {
    if (c < 0x80) return c >= U'A' && c <= U'Z' ? c + 32 : c;
    return locale_ ? static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), locale_.get())) : c;
  }
  [[nodiscard]] bool is_letter(char32_t c) const noexcept {
    return locale_ && iswalpha_l(static_cast<wint_t>(c), locale_.get()) != 0;
  }
  [[nodiscard]] bool is_known(char32_t c) const noexcept {
    return !locale_ || iswprint_l(static_cast<wint_t>(c), locale_.get()) != 0;
  }

 private:
  struct Free {
    void operator()(locale_t locale) const noexcept { freelocale(locale); }
  };
  std::unique_ptr<std::remove_pointer_t<locale_t>, Free> locale_{
      newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)};
};

/// Of Unicode's categories Zs, Zl, Zp, Cf and Co, which the C library takes for printable.
bool is_invisible(char32_t c) noexcept {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range ranges[]{
      {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},
      {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
      {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},
      {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},
      {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},
      {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, {0xE01F0, 0x10FFFF},
  };
  for (const Range& range : ranges) {
    if (range.first <= c && c <= range.last) return true;
  }
  return false;
}

bool is_printable(char32_t c) noexcept {
  if (c < 0x7F) return c >= 0x20;
  return !is_invisible(c) && UnicodeTables::instance().is_known(c);
}

void append_escape(std::string& out, char32_t c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const bool byte = c < 0x100;
  const bool word = c < 0x10000;
  out += byte ? "\\x" : word ? "\\u" : "\\U";
  for (unsigned digits = byte ? 2 : word ? 4 : 8; digits-- > 0;) out += hex[c >> digits * 4 & 0xFU];
}

void append_text_repr(std::string& out, std::string_view text) {
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = text.find('\'') != std::string_view::npos && !has_double ? '"' : '\'';
  out += quote;
  for (const char32_t c : code_points(text)) {
    if (c == static_cast<unsigned char>(quote) || c == U'\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == U'\n') {
      out += "\\n";
    } else if (c == U'\r') {
      out += "\\r";
    } else if (c == U'\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      append_utf8(out, c);
    } else {
      append_escape(out, c);
    }
  }
  out += quote;
}

void append_real_repr(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "nan";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-inf" : "inf";
  } else {
    prefect::append_real(out, number);
  }
}

}  // namespace

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0U | c >> 6U);
  } else {
    if (c < 0x10000) {
      put(0xE0U | c >> 12U);
    } else {
      put(0xF0U | c >> 18U);
      put(0x80U | (c >> 12U & 0x3FU));
    }
    put(0x80U | (c >> 6U & 0x3FU));
  }
  put(0x80U | (c & 0x3FU));
}

char32_t take_code_point(std::string_view& text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  unsigned more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  char32_t c = more == 0 ? first : first & (0x3FU >> more);
  for (; more > 0 && !text.empty(); --more) {
    c = c << 6U | (static_cast<unsigned char>(text.front()) & 0x3FU);
    text.remove_prefix(1);
  }
  return c;
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) points += take_code_point(text);
  return points;
}

bool is_blank(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string lower(std::string_view text) {
  const UnicodeTables& tables = UnicodeTables::instance();
  const std::u32string points = code_points(text);
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (c < 0x80) {
      made += static_cast<char>(tables.lower(c));
    } else if (c == 0x130) {
      made += "i\u0307";
    } else if (c == 0x3A3) {  // At the end of a word it has another form.
      const bool letter_before = i > 0 && tables.is_letter(points[i - 1]);
      const bool letter_behind = i + 1 < points.size() && tables.is_letter(points[i + 1]);
      append_utf8(made, letter_before && !letter_behind ? 0x3C2 : 0x3C3);
    } else {
      append_utf8(made, tables.lower(c));
    }
  }
  return made;
}

void append_repr(std::string& out, prefect::JsonValue value) {
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ", ";
    first = false;
  };
  std::pmr::monotonic_buffer_resource memory;
  switch (value.kind()) {
    case Kind::null:
      out += "None";
      break;
    case Kind::boolean:
      out += value.token() == "true" ? "True" : "False";
      break;
    case Kind::integer:
      out += value.token() == "-0" ? "0" : value.token();
      break;
    case Kind::real:
      append_real_repr(out, prefect::to_real(value.token()));
      break;
    case Kind::string:
      append_text_repr(out, value.text(memory));
      break;
    case Kind::object:
      out += '{';
      for (const auto& member : prefect::JsonMembers{value}) {
        separate();
        append_text_repr(out, member.name);
        out += ": ";
        append_repr(out, member.value);
      }
      out += '}';
      break;
    case Kind::array:
      out += '[';
      value.each_element([&](prefect::JsonValue element) {
        separate();
        append_repr(out, element);
      });
      out += ']';
      break;
  }
}

}  // namespace hangar::gateway
