#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar::gateway {

/// What a whole text may be, by characters of Unicode.
class TextPattern {
 public:
  /// As Python's `fnmatch.fnmatchcase`: `*`, `?`, `[seq]` and `[!seq]`.
  static TextPattern glob(std::string_view pattern);
  /// The same without `[`: what Prefect makes of a match expression in SQL.
  static TextPattern stars(std::string_view pattern);
  /// What begins with it, as SQLAlchemy's `startswith` asks PostgreSQL: `%`, `_` and `\` are those
  /// of LIKE.
  static TextPattern like_prefix(std::string_view prefix);

  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Part {
    enum class Kind : std::uint8_t { one_of, any, many };
    Kind kind = Kind::one_of;
    bool negated = false;
    /// Of code points, both ends included.
    std::vector<std::pair<char32_t, char32_t>> ranges{};

    [[nodiscard]] bool takes(char32_t c) const noexcept;
  };

  /// What `[…]` stands for, without its brackets.
  static Part set(std::u32string_view stuff);
  void add(char32_t c);
  void add(Part::Kind kind);

  std::vector<Part> parts_;
};

}  // namespace hangar::gateway
