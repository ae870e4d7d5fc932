#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace hangar::recorder {

class JsonDocument;

/// One value of a parsed document, or none. Cheap to copy; valid until its document parses again.
class JsonValue {
 public:
  /// Numbers are told apart by their form: `1` is an integer, `1.0`, `1e2` and `NaN` are reals.
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

  JsonValue() = default;
  [[nodiscard]] explicit operator bool() const noexcept { return document_ != nullptr; }

  [[nodiscard]] inline Kind kind() const noexcept;
  [[nodiscard]] bool is(Kind kind) const noexcept { return this->kind() == kind; }
  [[nodiscard]] bool is_null() const noexcept { return is(Kind::null); }
  /// As it stands in the document: the digits of a number; a string without its quotes, escaped.
  [[nodiscard]] inline std::string_view token() const noexcept;
  /// Whether the token of a string holds an escape.
  [[nodiscard]] inline bool escaped() const noexcept;
  /// The text of a string. Points into the document, or into `memory` when it had to be unescaped.
  [[nodiscard]] std::string_view text(std::pmr::memory_resource& memory) const;
  /// Whether a string in this value, keys included, holds U+0000.
  [[nodiscard]] inline bool holds_nul() const noexcept;
  /// How many elements an array or members an object has, counting repeated keys.
  [[nodiscard]] inline std::uint32_t size() const noexcept;

  /// Calls `visit(JsonValue)` for each element of an array.
  template <class Visit>
  void each_element(Visit visit) const {
    const std::uint32_t end = after();
    for (JsonValue value{document_, index_ + 1}; value.index_ != end;
         value.index_ = value.after()) {
      visit(value);
    }
  }
  /// Calls `visit(key, value)` for each member of an object, in order, repeated keys included.
  template <class Visit>
  void each_member(Visit visit) const {
    const std::uint32_t end = after();
    for (JsonValue key{document_, index_ + 1}; key.index_ != end;) {
      const JsonValue value{document_, key.index_ + 1};
      visit(key, value);
      key.index_ = value.after();
    }
  }

  /// The JSON pointer (RFC 6901) of this value in its document, control characters escaped.
  [[nodiscard]] std::string pointer() const;

 private:
  friend class JsonDocument;
  [[nodiscard]] bool finds_nul() const noexcept;
  JsonValue(const JsonDocument* document, std::uint32_t index) noexcept
      : document_{document}, index_{index} {}
  [[nodiscard]] inline std::uint32_t after() const noexcept;

  const JsonDocument* document_ = nullptr;
  std::uint32_t index_ = 0;
};

/// A JSON text as a flat list of nodes, with the limits of Prefect's parser (jiter): containers
/// that hold something nest at most 200 deep, numbers have at most 4,300 digits before
/// the point, NaN and
/// Infinity are numbers, strings are well-formed UTF-8 without lone surrogates. Keeps its memory
/// for the next document. Not thread-safe.
class JsonDocument {
 public:
  /// Returns the root. The text must stay as long as values are used. Throws DataError
  /// (`parse_error` or `too_deep`), which names the byte at fault.
  JsonValue parse(std::string_view text);

 private:
  friend class JsonValue;
  struct Node {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t after = 0;  ///< The node behind this one and all that it holds.
    std::uint32_t size = 0;
    JsonValue::Kind kind = JsonValue::Kind::null;
    bool escaped = false;
    bool nul = false;
  };

  [[nodiscard]] char at(std::size_t position) const noexcept {
    return position < text_.size() ? text_[position] : '\0';
  }
  [[noreturn]] void fail(std::string_view expected) const;
  void skip_space() noexcept;
  std::size_t add(JsonValue::Kind kind, std::size_t begin, std::size_t end);
  void expect_literal(std::string_view word, JsonValue::Kind kind);
  void read_number();
  void read_string();
  void read_escape();
  unsigned read_hex4();
  void read_scalar();
  bool open_container();
  void read_key();
  bool close_or_continue();

  std::string_view text_;
  std::size_t position_ = 0;
  bool nul_ = false;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> open_;
};

JsonValue::Kind JsonValue::kind() const noexcept { return document_->nodes_[index_].kind; }

std::string_view JsonValue::token() const noexcept {
  const JsonDocument::Node& node = document_->nodes_[index_];
  return {document_->text_.data() + node.begin, node.end - node.begin};
}

bool JsonValue::escaped() const noexcept { return document_->nodes_[index_].escaped; }

std::uint32_t JsonValue::size() const noexcept { return document_->nodes_[index_].size; }

std::uint32_t JsonValue::after() const noexcept { return document_->nodes_[index_].after; }

bool JsonValue::holds_nul() const noexcept { return document_->nul_ && finds_nul(); }

}  // namespace hangar::recorder
