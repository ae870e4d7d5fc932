#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace hangar::prefect {

class JsonDocument;

/// One value of a parsed document, or none. Cheap to copy; valid until its document parses again.
class JsonValue {
 public:
  /// Numbers are told apart by their form: `1` is an integer, `1.0`, `1e2` and `NaN` are reals.
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

  JsonValue() = default;
  [[nodiscard]] explicit operator bool() const noexcept { return document_ != nullptr; }

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] inline bool is(Kind kind) const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return is(Kind::null); }
  /// As it stands in the document: the digits of a number; a string without its quotes, escaped.
  [[nodiscard]] inline std::string_view token() const noexcept;
  /// Whether the token of a string holds an escape.
  [[nodiscard]] inline bool escaped() const noexcept;
  /// Whether the token of a string is its text in any JSON: printable ASCII without an escape.
  [[nodiscard]] inline bool printable() const noexcept;
  /// The text of a string. Points into the document, or into `memory` when it had to be unescaped.
  [[nodiscard]] std::string_view text(std::pmr::memory_resource& memory) const {
    return escaped() ? unescaped(memory) : token();
  }
  /// Whether a string in this value, keys included, holds U+0000, and the document looks for it.
  [[nodiscard]] inline bool holds_nul() const noexcept;
  /// How many elements an array or members an object has, counting repeated keys.
  [[nodiscard]] inline std::uint32_t size() const noexcept;

  /// Calls `visit(JsonValue)` for each element of an array.
  template <class Visit>
  void each_element(Visit visit) const {
    if (size() == 0) return;
    const std::uint32_t end = after() - 1;
    for (JsonValue value{document_, mark_ + 1}; value.mark_ < end;
         value.mark_ = value.after() + 1) {
      visit(value);
    }
  }
  /// Calls `visit(key, value)` for each member of an object, in order, repeated keys included.
  template <class Visit>
  void each_member(Visit visit) const {
    if (size() == 0) return;
    const std::uint32_t end = after() - 1;
    for (JsonValue key{document_, mark_ + 1}; key.mark_ < end;) {
      const JsonValue value{document_, key.mark_ + 2};
      visit(key, value);
      key.mark_ = value.after() + 1;
    }
  }

  [[nodiscard]] const JsonDocument& document() const noexcept { return *document_; }
  /// The JSON pointer (RFC 6901) of this value in its document, control characters escaped.
  [[nodiscard]] std::string pointer() const;

 private:
  friend class JsonDocument;
  friend class CompactForm;
  [[nodiscard]] std::string_view unescaped(std::pmr::memory_resource& memory) const;
  [[nodiscard]] bool finds_escape() const noexcept;
  [[nodiscard]] bool finds_unprintable() const noexcept;
  [[nodiscard]] bool finds_nul() const noexcept;
  JsonValue(const JsonDocument* document, std::uint32_t mark) noexcept
      : document_{document}, mark_{mark} {}
  /// The mark behind this value and all that it holds.
  [[nodiscard]] inline std::uint32_t after() const noexcept;

  const JsonDocument* document_ = nullptr;
  std::uint32_t mark_ = 0;
};

/// A JSON text and its marks: the places of its brackets, colons and commas and of the first
/// character of everything else, as simdjson finds them, 64 bytes at a time. The limits are those
/// of Prefect's parser (jiter): containers that hold something nest at most 200 deep, numbers have
/// at most 4,300 digits before the point, NaN and Infinity are numbers, strings are well-formed
/// UTF-8 without lone surrogates. Keeps its memory for the next document. Not thread-safe.
class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Whether the values of the documents that follow tell of U+0000; at first they do.
  void look_for_nul(bool look) noexcept { looks_for_nul_ = look; }

  /// Returns the root. The text must stay as long as values are used. Throws DataError
  /// (`parse_error` or `too_deep`), which names the byte at fault.
  JsonValue parse(std::string_view text);

 private:
  friend class JsonValue;
  friend class CompactForm;
  struct Container {
    std::uint32_t after = 0;  ///< The mark behind the closing bracket.
    std::uint32_t size = 0;
  };

  /// The character of a mark; NUL at the end of the text.
  [[nodiscard]] char at(std::uint32_t mark) const noexcept {
    return marks_[mark] < text_.size() ? first_of(mark) : '\0';
  }
  /// The same of a mark that is not the end.
  [[nodiscard]] char first_of(std::uint32_t mark) const noexcept {
    return text_.data()[marks_[mark]];
  }
  [[nodiscard]] std::string_view scalar(std::uint32_t mark) const noexcept {
    std::size_t end = marks_[mark + 1];
    while (is_space(text_.data()[end - 1])) --end;
    return {text_.data() + marks_[mark], end - marks_[mark]};
  }
  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  [[noreturn]] void fail(std::size_t position, std::string_view expected) const;
  [[noreturn]] void fail_in_string() const;
  void find_marks();
  void check_word(std::uint32_t mark) const;
  void check_number(std::uint32_t mark) const;
  void check_escapes(std::uint32_t mark);
  unsigned hex4_at(std::size_t position) const;

  std::string_view text_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> finder_;
  const std::uint32_t* marks_ = nullptr;  ///< The finder's; one more at the end of the text.
  std::uint32_t count_ = 0;
  std::vector<Container> containers_;  ///< By mark; only those of opening brackets mean anything.
  // Where backslashes are: most strings have none, and need not be searched for one.
  std::size_t first_escape_ = 0;
  std::size_t next_escape_ = 0;  ///< The first that was not checked yet.
  bool plain_ = false;           ///< Whether all of it is printable ASCII.
  bool looks_for_nul_ = true;
  bool nul_ = false;  ///< Whether a string holds U+0000, if that is looked for.
};

bool JsonValue::is(Kind kind) const noexcept {
  const char first = document_->first_of(mark_);
  switch (kind) {
    case Kind::object:
      return first == '{';
    case Kind::array:
      return first == '[';
    case Kind::string:
      return first == '"';
    case Kind::boolean:
      return first == 't' || first == 'f';
    case Kind::null:
      return first == 'n';
    default:
      return this->kind() == kind;
  }
}

std::string_view JsonValue::token() const noexcept {
  const char first = document_->first_of(mark_);
  if (first == '"') {
    const std::string_view quoted = document_->scalar(mark_);
    return {quoted.data() + 1, quoted.size() - 2};
  }
  if (first != '{' && first != '[') return document_->scalar(mark_);
  const std::size_t begin = document_->marks_[mark_];
  return document_->text_.substr(begin, document_->marks_[after() - 1] + 1 - begin);
}

bool JsonValue::escaped() const noexcept {
  return document_->first_escape_ < document_->marks_[mark_ + 1] && finds_escape();
}

bool JsonValue::printable() const noexcept {
  return !escaped() && (document_->plain_ || !finds_unprintable());
}

std::uint32_t JsonValue::size() const noexcept { return document_->containers_[mark_].size; }

std::uint32_t JsonValue::after() const noexcept {
  const char first = document_->first_of(mark_);
  return first == '{' || first == '[' ? document_->containers_[mark_].after : mark_ + 1;
}

bool JsonValue::holds_nul() const noexcept { return document_->nul_ && finds_nul(); }

}  // namespace hangar::prefect
