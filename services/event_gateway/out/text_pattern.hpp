#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "out/match_steps.hpp"

namespace hangar::gateway {

/// What a whole text may be, by characters of Unicode; both are well-formed UTF-8.
class TextPattern {
 public:
  /// As Python's `fnmatch.fnmatchcase`: `*`, `?`, `[seq]` and `[!seq]`.
  static TextPattern glob(std::string_view pattern);
  /// The same without `[`: what Prefect makes of a match expression in SQL.
  static TextPattern stars(std::string_view pattern);
  /// What begins with it, as SQLAlchemy's `startswith` asks PostgreSQL: `%`, `_` and `\` are those
  /// of LIKE.
  static TextPattern like_prefix(std::string_view prefix);

  /// Throws TooManySteps.
  [[nodiscard]] bool matches(std::string_view text, MatchSteps& steps) const;

 private:
  /// What stands between two `*`, before the first, or behind the last: bytes of `text_`.
  struct Segment {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
    std::uint32_t first_set = 0;
    bool plain = true;  ///< Has neither `?` nor sets, and is searched as bytes.
  };
  struct Set {
    bool negated = false;
    /// Of code points, both ends included.
    std::vector<std::pair<char32_t, char32_t>> ranges{};

    [[nodiscard]] bool has(char32_t c) const noexcept;
  };
  // In `text_`, where no character has these bytes.
  static constexpr char any_character = '\xFF';
  static constexpr char next_set = '\xFE';

  /// What `[…]` stands for, without its brackets.
  static Set set(std::u32string_view stuff);
  void add(char32_t c);
  void add_any();
  void add(Set set);
  void add_star();

  [[nodiscard]] std::string_view bytes_of(const Segment& segment) const {
    return std::string_view{text_}.substr(segment.begin, segment.size);
  }
  /// How many bytes the segment takes where the text begins with it.
  std::optional<std::size_t> at_begin(const Segment& segment, std::string_view text,
                                      MatchSteps& steps) const;
  /// The bytes up to where the first occurrence of the segment ends.
  std::optional<std::size_t> search(const Segment& segment, std::string_view text,
                                    MatchSteps& steps) const;
  bool is_at_end(const Segment& segment, std::string_view text, MatchSteps& steps) const;

  std::string text_;
  std::vector<Segment> segments_{1};
  std::vector<Set> sets_;
};

}  // namespace hangar::gateway
