#include "prefect/json/json_document.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "hangar/error.hpp"
#include "prefect/json/number.hpp"
#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

using Kind = JsonValue::Kind;

// simdjson's API gives no marks, and its parsers refuse NaN and Infinity, which Prefect's clients
// send: so the marks are taken from its first stage, which it may change in any version.
static_assert(simdjson::SIMDJSON_VERSION_MAJOR == 3 && simdjson::SIMDJSON_VERSION_MINOR <= 12,
              "this file reads the structural indexes of simdjson, which are not part of its API; "
              "the tests of the recorder have passed with 3.0 to 3.12: let them pass with this "
              "version too, and then allow it here");

constexpr std::size_t deepest = 200;

bool is_printable(char c) noexcept { return c >= 0x20 && c < 0x7F; }

unsigned hex_digit(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

unsigned hex4(const char* digits) noexcept {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i) value = value * 16 + hex_digit(digits[i]);
  return value;
}

char* put_utf8(char* out, unsigned code) noexcept {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code < 0x80) {
    *out++ = byte(code);
  } else if (code < 0x800) {
    *out++ = byte(0xC0 | (code >> 6));
    *out++ = byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = byte(0xE0 | (code >> 12));
    *out++ = byte(0x80 | ((code >> 6) & 0x3F));
    *out++ = byte(0x80 | (code & 0x3F));
  } else {
    *out++ = byte(0xF0 | (code >> 18));
    *out++ = byte(0x80 | ((code >> 12) & 0x3F));
    *out++ = byte(0x80 | ((code >> 6) & 0x3F));
    *out++ = byte(0x80 | (code & 0x3F));
  }
  return out;
}

/// One step of a JSON pointer. Control characters are escaped as in JSON, so that the pointer can
/// stand in a header.
void append_step(std::string& path, std::string_view key) {
  constexpr std::string_view hex = "0123456789abcdef";
  path += '/';
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else if (byte < 0x20 || byte == 0x7F) {
      path.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 0xF]);
    } else {
      path += c;
    }
  }
}

/// Unescapes a string that the parser has checked; returns the end of the text.
char* unescape(std::string_view token, char* out) noexcept {
  const char* in = token.data();
  const char* const end = in + token.size();
  while (in != end) {
    const void* next = std::memchr(in, '\\', static_cast<std::size_t>(end - in));
    const char* const run = next == nullptr ? end : static_cast<const char*>(next);
    out = std::copy(in, run, out);
    in = run;
    if (in == end) break;
    const char escape = in[1];
    in += 2;
    if (escape != 'u') {
      constexpr std::string_view names = "bfnrt";
      constexpr std::string_view controls = "\b\f\n\r\t";
      const std::size_t found = names.find(escape);
      *out++ = found == std::string_view::npos ? escape : controls[found];
      continue;
    }
    unsigned code = hex4(in);
    in += 4;
    if (code >= 0xD800 && code < 0xDC00) {
      code = 0x10000 + ((code - 0xD800) << 10) + (hex4(in + 2) - 0xDC00);
      in += 6;
    }
    out = put_utf8(out, code);
  }
  return out;
}

}  // namespace

std::string_view JsonValue::unescaped(std::pmr::memory_resource& memory) const {
  auto* const out = static_cast<char*>(memory.allocate(token().size(), 1));
  return {out, static_cast<std::size_t>(unescape(token(), out) - out)};
}

JsonValue::Kind JsonValue::kind() const noexcept {
  switch (document_->at(mark_)) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default: {
      const std::string_view number = document_->scalar(mark_);
      const auto digits = number.begin() + (number.front() == '-' ? 1 : 0);
      return std::all_of(digits, number.end(), is_digit) ? Kind::integer : Kind::real;
    }
  }
}

bool JsonValue::finds_escape() const noexcept {
  return token().find('\\') != std::string_view::npos;
}

bool JsonValue::finds_unprintable() const noexcept {
  const std::string_view text = token();
  return !std::all_of(text.begin(), text.end(), is_printable);
}

bool JsonValue::finds_nul() const noexcept {
  for (std::uint32_t mark = mark_; mark < after(); ++mark) {
    if (document_->at(mark) != '"') continue;
    const std::string_view text = JsonValue{document_, mark}.token();
    for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i + 2)) {
      if (text.substr(i, 6) == "\\u0000") return true;
    }
  }
  return false;
}

std::string JsonValue::pointer() const {
  std::string path;
  std::pmr::monotonic_buffer_resource memory;
  JsonValue at{document_, 0};
  while (at.mark_ != mark_) {
    JsonValue below;
    if (at.is(Kind::object)) {
      at.each_member([&](JsonValue key, JsonValue value) {
        if (below || mark_ >= value.after()) return;
        append_step(path, key.text(memory));
        below = mark_ < value.mark_ ? JsonValue{document_, mark_} : value;
      });
    } else {
      std::size_t position = 0;
      at.each_element([&](JsonValue value) {
        if (!below && mark_ < value.after()) {
          path += '/' + std::to_string(position);
          below = value;
        }
        ++position;
      });
    }
    at = below;
  }
  return path;
}

JsonDocument::JsonDocument() {
  // Only its marks are asked for, so it need not be ready for any depth.
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(0, 1, finder_) !=
      simdjson::SUCCESS) {
    throw std::bad_alloc{};
  }
}

JsonDocument::~JsonDocument() = default;

void JsonDocument::fail(std::size_t position, std::string_view expected) const {
  throw DataError{"parse_error", "The message is not JSON: expected " + std::string{expected} +
                                     " at byte " + std::to_string(position)};
}

/// What simdjson found wrong with a string, and where.
void JsonDocument::fail_in_string() const {
  bool inside = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '"') {
      inside = !inside;
    } else if (text_[i] == '\\') {
      ++i;
    } else if (inside && static_cast<unsigned char>(text_[i]) < 0x20) {
      fail(i, "no control character in a string");
    }
  }
  fail(text_.size(), "the end of a string");
}

void JsonDocument::find_marks() {
  if (text_.size() >= std::numeric_limits<std::uint32_t>::max()) fail(0, "less than 4 GiB");
  if (finder_->capacity() < text_.size()) {
    const std::size_t room = std::max(text_.size(), 2 * finder_->capacity());
    if (finder_->set_capacity(room) != simdjson::SUCCESS) throw std::bad_alloc{};
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text_.data());
  switch (finder_->stage1(bytes, text_.size(), simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS:
      break;
    case simdjson::EMPTY:
      fail(text_.size(), "a value");
    case simdjson::UTF8_ERROR:
      throw DataError{"parse_error", "The message is not JSON: it is not well-formed UTF-8"};
    default:
      fail_in_string();
  }
  marks_ = finder_->structural_indexes.get();
  count_ = finder_->n_structural_indexes;
  if (containers_.size() < count_) containers_.resize(count_);
  // Control characters stand between the values only, see above.
  std::uint8_t all = 0;
  for (const char c : text_) all |= static_cast<std::uint8_t>(c);
  plain_ = all < 0x80 && text_.find('\x7F') == std::string_view::npos;
  first_escape_ = next_escape_ = text_.find('\\');
  nul_ = false;
}

void JsonDocument::check_number(std::uint32_t mark) const {
  const std::string_view token = scalar(mark);
  std::size_t i = 0;
  const auto next = [&] { return i < token.size() ? token[i] : '\0'; };
  const auto skip_digits = [&] {
    if (!is_digit(next())) fail(marks_[mark] + i, "a digit");
    while (is_digit(next())) ++i;
  };
  if (next() == '-') ++i;
  if (token.substr(i) == "Infinity") return;
  const std::size_t digits = i;
  skip_digits();
  if (token[digits] == '0' && i - digits > 1) {
    fail(marks_[mark] + digits + 1, "no digit behind a leading zero");
  }
  if (i - digits > most_digits) fail(marks_[mark], "at most 4,300 digits before the point");
  if (next() == '.') {
    ++i;
    skip_digits();
  }
  if (next() == 'e' || next() == 'E') {
    ++i;
    if (next() == '+' || next() == '-') ++i;
    skip_digits();
  }
  if (i != token.size()) fail(marks_[mark] + i, "the end of the number");
}

unsigned JsonDocument::hex4_at(std::size_t position) const {
  unsigned value = 0;
  for (std::size_t i = position; i < position + 4; ++i) {
    const unsigned digit = hex_digit(text_[i]);
    if (digit > 15) fail(i, "a hexadecimal digit");
    value = value * 16 + digit;
  }
  return value;
}

void JsonDocument::check_escapes(std::uint32_t mark) {
  // The closing quote, which ends every look ahead, is behind it.
  const std::string_view text{text_.data(),
                              marks_[mark] + 1 + JsonValue{this, mark}.token().size()};
  for (std::size_t i = text.find('\\', marks_[mark]); i < text.size(); i = text.find('\\', i)) {
    const char escape = text_[++i];
    if (std::string_view{"\"\\/bfnrtu"}.find(escape) == std::string_view::npos) {
      fail(i, "an escape that JSON knows");
    }
    ++i;
    if (escape != 'u') continue;
    const unsigned code = hex4_at(i);
    i += 4;
    if (code == 0) nul_ = looks_for_nul_;
    if (code < 0xD800 || code > 0xDFFF) continue;
    if (code >= 0xDC00 || text_.substr(i, 2) != "\\u") fail(i, "both halves of a surrogate pair");
    const unsigned low = hex4_at(i + 2);
    i += 6;
    if (low < 0xDC00 || low > 0xDFFF) fail(i, "both halves of a surrogate pair");
  }
  next_escape_ = text_.find('\\', text.size());
}

/// Of a value that is neither a string nor a container.
void JsonDocument::check_word(std::uint32_t mark) const {
  std::string_view word;
  switch (at(mark)) {
    case 't':
      word = "true";
      break;
    case 'f':
      word = "false";
      break;
    case 'n':
      word = "null";
      break;
    case 'N':
      word = "NaN";
      break;
    default:
      if (at(mark) != '-' && at(mark) != 'I' && !is_digit(at(mark))) fail(marks_[mark], "a value");
      return check_number(mark);
  }
  if (scalar(mark) != word) fail(marks_[mark], "a value");
}

// All in one function: it runs for every comma.
JsonValue JsonDocument::parse(std::string_view text) {
  text_ = text;
  find_marks();
  const char* const bytes = text.data();
  const std::uint32_t* const marks = marks_;
  const std::uint32_t count = count_;
  const auto at = [=](std::uint32_t mark) { return mark < count ? bytes[marks[mark]] : '\0'; };
  // Most strings end before the next escape.
  const auto check_string = [&](std::uint32_t mark) {
    if (next_escape_ <= marks[mark + 1]) check_escapes(mark);
  };
  // The mark of the first value behind a comma or an opening bracket at `mark`.
  const auto first_value = [&](std::uint32_t mark, bool object) {
    ++mark;
    if (!object) return mark;
    if (at(mark) != '"') fail(marks[mark], "a key");
    check_string(mark);
    if (at(mark + 1) != ':') fail(marks[mark + 1], "a colon");
    return mark + 2;
  };
  struct Open {
    std::uint32_t mark;
    std::uint32_t size;
    bool object;
  };
  std::array<Open, deepest> open;  // not filled with anything, for it is large
  std::size_t depth = 0;
  std::uint32_t mark = 0;
  do {
    const char c = at(mark);
    if (c == '"') {
      check_string(mark++);
    } else if (c != '{' && c != '[') {
      check_word(mark++);
    } else if (at(mark + 1) == (c == '{' ? '}' : ']')) {
      containers_[mark] = {.after = mark + 2, .size = 0};
      mark += 2;
    } else {
      if (depth == deepest) {
        throw DataError{"too_deep", "The JSON is nested more than 200 deep at byte " +
                                        std::to_string(marks[mark])};
      }
      open[depth++] = {.mark = mark, .size = 0, .object = c == '{'};
      mark = first_value(mark, c == '{');
      continue;
    }
    // Behind a value: the containers that end here end.
    for (; depth > 0; --depth) {
      Open& inner = open[depth - 1];
      ++inner.size;
      const char next = at(mark);
      if (next == ',') {
        mark = first_value(mark, inner.object);
        break;
      }
      if (next != (inner.object ? '}' : ']')) {
        fail(marks[mark], inner.object ? "a comma or }" : "a comma or ]");
      }
      containers_[inner.mark] = {.after = ++mark, .size = inner.size};
    }
  } while (depth > 0);
  if (mark != count) fail(marks[mark], "the end");
  return {this, 0};
}

}  // namespace hangar::prefect
