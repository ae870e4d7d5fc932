#include "json_document.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <simdjson.h>

#include <bit>
#include <limits>

#include "hangar/error.hpp"

namespace hangar::recorder {

namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t deepest = 200;
constexpr std::size_t most_digits = 4300;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool ends_run(char c) noexcept {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

/// The first byte from `position` that is a quote, a backslash or a control character.
std::size_t find_run_end(std::string_view text, std::size_t position) noexcept {
#ifdef __SSE2__
  // An event is mostly strings, and this is the function that costs most.
  const auto ends_at = [](__m128i bytes, char c) {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
  };
  for (; position + sizeof(__m128i) <= text.size(); position += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + position));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    const __m128i ends =
        _mm_or_si128(controls, _mm_or_si128(ends_at(bytes, '"'), ends_at(bytes, '\\')));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(ends));
    if (mask != 0) return position + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (position < text.size() && !ends_run(text[position])) ++position;
  return position;
}

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

std::string_view JsonValue::text(std::pmr::memory_resource& memory) const {
  if (!escaped()) return token();
  auto* const out = static_cast<char*>(memory.allocate(token().size(), 1));
  return {out, static_cast<std::size_t>(unescape(token(), out) - out)};
}

bool JsonValue::finds_nul() const noexcept {
  for (std::uint32_t i = index_; i != after(); ++i) {
    if (document_->nodes_[i].nul) return true;
  }
  return false;
}

std::string JsonValue::pointer() const {
  std::string path;
  std::pmr::monotonic_buffer_resource memory;
  JsonValue at{document_, 0};
  while (at.index_ != index_) {
    JsonValue below;
    if (at.is(Kind::object)) {
      at.each_member([&](JsonValue key, JsonValue value) {
        if (below || index_ >= value.after()) return;
        append_step(path, key.text(memory));
        below = index_ < value.index_ ? JsonValue{document_, index_} : value;
      });
    } else {
      std::size_t position = 0;
      at.each_element([&](JsonValue value) {
        if (!below && index_ < value.after()) {
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

void JsonDocument::fail(std::string_view expected) const {
  throw DataError{"parse_error", "The message is not JSON: expected " + std::string{expected} +
                                     " at byte " + std::to_string(position_)};
}

void JsonDocument::skip_space() noexcept {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') break;
    ++position_;
  }
}

std::size_t JsonDocument::add(Kind kind, std::size_t begin, std::size_t end) {
  const auto narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  Node& node = nodes_.emplace_back();
  node.begin = narrow(begin);
  node.end = narrow(end);
  node.after = narrow(nodes_.size());
  node.kind = kind;
  return nodes_.size() - 1;
}

void JsonDocument::expect_literal(std::string_view word, Kind kind) {
  if (text_.substr(position_, word.size()) != word) fail("a value");
  add(kind, position_, position_ + word.size());
  position_ += word.size();
}

void JsonDocument::read_number() {
  const std::size_t begin = position_;
  const auto skip_digits = [this] {
    if (!is_digit(at(position_))) fail("a digit");
    while (is_digit(at(position_))) ++position_;
  };
  if (at(position_) == '-') ++position_;
  if (at(position_) == 'I') {
    position_ = begin;
    return expect_literal(at(begin) == '-' ? "-Infinity" : "Infinity", Kind::real);
  }
  const std::size_t digits = position_;
  if (at(position_) == '0') {
    ++position_;
    if (is_digit(at(position_))) fail("no digit behind a leading zero");
  } else {
    skip_digits();
  }
  if (position_ - digits > most_digits) fail("at most 4,300 digits before the point");
  Kind kind = Kind::integer;
  if (at(position_) == '.') {
    kind = Kind::real;
    ++position_;
    skip_digits();
  }
  if (at(position_) == 'e' || at(position_) == 'E') {
    kind = Kind::real;
    ++position_;
    if (at(position_) == '+' || at(position_) == '-') ++position_;
    skip_digits();
  }
  add(kind, begin, position_);
}

unsigned JsonDocument::read_hex4() {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i, ++position_) {
    const unsigned digit = hex_digit(at(position_));
    if (digit > 15) fail("a hexadecimal digit");
    value = value * 16 + digit;
  }
  return value;
}

void JsonDocument::read_escape() {
  ++position_;
  const char escape = at(position_);
  if (escape == '\0' || std::string_view{"\"\\/bfnrtu"}.find(escape) == std::string_view::npos) {
    fail("an escape that JSON knows");
  }
  ++position_;
  if (escape != 'u') return;
  const unsigned code = read_hex4();
  if (code == 0) nodes_.back().nul = nul_ = true;
  if (code < 0xD800 || code > 0xDFFF) return;
  if (code >= 0xDC00 || at(position_) != '\\' || at(position_ + 1) != 'u') {
    fail("both halves of a surrogate pair");
  }
  position_ += 2;
  const unsigned low = read_hex4();
  if (low < 0xDC00 || low > 0xDFFF) fail("both halves of a surrogate pair");
}

void JsonDocument::read_string() {
  ++position_;
  const std::size_t node = add(Kind::string, position_, position_);
  while (true) {
    position_ = find_run_end(text_, position_);
    if (position_ >= text_.size()) fail("the end of a string");
    if (text_[position_] == '"') break;
    if (text_[position_] != '\\') fail("no control character in a string");
    nodes_[node].escaped = true;
    read_escape();
  }
  nodes_[node].end = static_cast<std::uint32_t>(position_);
  ++position_;
}

void JsonDocument::read_scalar() {
  switch (at(position_)) {
    case '"':
      return read_string();
    case 't':
      return expect_literal("true", Kind::boolean);
    case 'f':
      return expect_literal("false", Kind::boolean);
    case 'n':
      return expect_literal("null", Kind::null);
    case 'N':
      return expect_literal("NaN", Kind::real);
    case '-':
    case 'I':
      return read_number();
    default:
      if (!is_digit(at(position_))) fail("a value");
      return read_number();
  }
}

/// Reads the opening bracket; true when the container holds something.
bool JsonDocument::open_container() {
  const bool object = text_[position_] == '{';
  const std::size_t node = add(object ? Kind::object : Kind::array, position_, position_);
  ++position_;
  skip_space();
  if (at(position_) == (object ? '}' : ']')) {
    nodes_[node].end = static_cast<std::uint32_t>(++position_);
    return false;
  }
  if (open_.size() == deepest) {
    throw DataError{"too_deep",
                    "The JSON is nested more than 200 deep at byte " + std::to_string(position_)};
  }
  open_.push_back(static_cast<std::uint32_t>(node));
  return true;
}

void JsonDocument::read_key() {
  skip_space();
  if (at(position_) != '"') fail("a key");
  read_string();
  skip_space();
  if (at(position_) != ':') fail("a colon");
  ++position_;
}

/// After a value: closes the containers that end here; true when another value follows.
bool JsonDocument::close_or_continue() {
  while (!open_.empty()) {
    Node& container = nodes_[open_.back()];
    ++container.size;
    skip_space();
    const char c = at(position_);
    const bool object = container.kind == Kind::object;
    if (c == ',') {
      ++position_;
      if (object) read_key();
      return true;
    }
    if (c != (object ? '}' : ']')) fail(object ? "a comma or }" : "a comma or ]");
    container.end = static_cast<std::uint32_t>(++position_);
    container.after = static_cast<std::uint32_t>(nodes_.size());
    open_.pop_back();
  }
  return false;
}

JsonValue JsonDocument::parse(std::string_view text) {
  text_ = text;
  position_ = 0;
  nul_ = false;
  nodes_.clear();
  open_.clear();
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) fail("less than 4 GiB");
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    throw DataError{"parse_error", "The message is not JSON: it is not well-formed UTF-8"};
  }
  while (true) {
    skip_space();
    const char c = at(position_);
    if (c == '{' || c == '[') {
      if (open_container()) {
        if (c == '{') read_key();
        continue;
      }
    } else {
      read_scalar();
    }
    if (!close_or_continue()) break;
  }
  skip_space();
  if (position_ != text_.size()) fail("the end");
  return {this, 0};
}

}  // namespace hangar::recorder
