#include "out/text_pattern.hpp"

#include <algorithm>
#include <string>

#include "out/unicode_text.hpp"

namespace hangar::gateway {
namespace {

constexpr std::size_t ranges_a_step = 8;

}  // namespace

bool TextPattern::Set::has(char32_t c) const noexcept {
  const bool found = std::ranges::any_of(
      ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
  return found != negated;
}

void TextPattern::add(char32_t c) {
  const std::size_t before = text_.size();
  append_utf8(text_, c);
  segments_.back().size += static_cast<std::uint32_t>(text_.size() - before);
}

void TextPattern::add_any() {
  text_ += any_character;
  ++segments_.back().size;
  segments_.back().plain = false;
}

void TextPattern::add(Set set) {
  text_ += next_set;
  sets_.push_back(std::move(set));
  ++segments_.back().size;
  segments_.back().plain = false;
}

void TextPattern::add_star() {
  // Two stars are one.
  if (segments_.size() > 1 && segments_.back().size == 0) return;
  Segment next;
  next.begin = static_cast<std::uint32_t>(text_.size());
  next.first_set = static_cast<std::uint32_t>(sets_.size());
  segments_.push_back(next);
}

// As fnmatch.translate of Python 3.11 reads it: a hyphen between two characters is a range, one
// that runs backwards is none, and its two ends are not in the set. A `!` negates it that is first
// in what is left of it then.
TextPattern::Set TextPattern::set(std::u32string_view stuff) {
  std::vector<std::u32string_view> chunks;
  std::size_t from = 0;
  for (std::size_t hyphen = stuff.find(U'-', stuff.front() == U'!' ? 2 : 1);
       hyphen != std::u32string_view::npos;) {
    chunks.push_back(stuff.substr(from, hyphen - from));
    from = hyphen + 1;
    hyphen = stuff.find(U'-', hyphen + 3);
  }
  if (from < stuff.size()) {
    chunks.push_back(stuff.substr(from));
  } else {
    // The hyphen at the end is one.
    chunks.back() = stuff.substr(from - 1 - chunks.back().size());
  }
  Set made;
  const auto add_one = [&made](char32_t c) { made.ranges.emplace_back(c, c); };
  bool ascends = true;  // From the chunk before to this one.
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    std::u32string_view singles = chunks[i];
    if (!ascends) singles.remove_prefix(1);
    const bool last = i + 1 == chunks.size();
    ascends = last || chunks[i].back() <= chunks[i + 1].front();
    if (!ascends) singles.remove_suffix(1);
    std::ranges::for_each(singles, add_one);
    if (last || !ascends) continue;
    if (made.ranges.size() == 1 && made.ranges.front().first == U'!') {
      add_one(U'-');  // What negates is no end of a range.
    } else {
      made.ranges.emplace_back(chunks[i].back(), chunks[i + 1].front());
    }
  }
  made.negated = !made.ranges.empty() && made.ranges.front() == std::pair{U'!', U'!'};
  if (made.negated) made.ranges.erase(made.ranges.begin());
  return made;
}

TextPattern TextPattern::glob(std::string_view pattern) {
  const std::u32string text = code_points(pattern);
  TextPattern made;
  bool closes = true;  // Whether a `]` may follow.
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = text[i++];
    if (c == U'*') {
      made.add_star();
    } else if (c == U'?') {
      made.add_any();
    } else if (c == U'[' && closes) {
      std::size_t end = i;
      if (end < text.size() && text[end] == U'!') ++end;
      if (end < text.size() && text[end] == U']') ++end;
      end = text.find(U']', end);
      closes = end != std::u32string::npos;
      if (!closes) {
        made.add(c);
      } else {
        made.add(set(std::u32string_view{text}.substr(i, end - i)));
        i = end + 1;
      }
    } else {
      made.add(c);
    }
  }
  return made;
}

TextPattern TextPattern::stars(std::string_view pattern) {
  TextPattern made;
  for (const char32_t c : code_points(pattern)) {
    if (c == U'*') {
      made.add_star();
    } else if (c == U'?') {
      made.add_any();
    } else {
      made.add(c);
    }
  }
  return made;
}

TextPattern TextPattern::like_prefix(std::string_view prefix) {
  const std::u32string text = code_points(prefix);
  TextPattern made;
  bool escaped = false;
  for (const char32_t c : text) {
    if (!escaped && c == U'\\') {
      escaped = true;
      continue;
    }
    if (!escaped && c == U'%') {
      made.add_star();
    } else if (!escaped && c == U'_') {
      made.add_any();
    } else {
      made.add(c);
    }
    escaped = false;
  }
  // The backslash at the end escapes the `%` that is put behind the prefix.
  if (escaped) {
    made.add(U'%');
  } else {
    made.add_star();
  }
  return made;
}

std::optional<std::size_t> TextPattern::at_begin(const Segment& segment, std::string_view text,
                                                 MatchSteps& steps) const {
  std::string_view wanted = bytes_of(segment);
  if (segment.plain) {
    steps.take(wanted.size() / bytes_a_step);
    return text.starts_with(wanted) ? std::optional{wanted.size()} : std::nullopt;
  }
  const std::size_t whole = text.size();
  std::size_t set = segment.first_set;
  for (; !wanted.empty(); wanted.remove_prefix(1)) {
    steps.take(1);
    if (text.empty()) return std::nullopt;
    if (wanted.front() == any_character) {
      static_cast<void>(take_code_point(text));
    } else if (wanted.front() == next_set) {
      const Set& expected = sets_[set++];
      steps.take(expected.ranges.size() / ranges_a_step);
      if (!expected.has(take_code_point(text))) return std::nullopt;
    } else {
      if (wanted.front() != text.front()) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return whole - text.size();
}

std::optional<std::size_t> TextPattern::search(const Segment& segment, std::string_view text,
                                               MatchSteps& steps) const {
  if (segment.plain) {
    // What is found of UTF-8 are whole characters.
    const std::string_view wanted = bytes_of(segment);
    const std::size_t begin = find_bytes(text, wanted, steps);
    return begin == std::string_view::npos ? std::nullopt : std::optional{begin + wanted.size()};
  }
  const std::size_t whole = text.size();
  while (!text.empty()) {
    if (const auto taken = at_begin(segment, text, steps)) return whole - text.size() + *taken;
    static_cast<void>(take_code_point(text));
  }
  return std::nullopt;
}

bool TextPattern::is_at_end(const Segment& segment, std::string_view text,
                            MatchSteps& steps) const {
  const std::string_view wanted = bytes_of(segment);
  if (segment.plain) {
    steps.take(wanted.size() / bytes_a_step);
    return text.ends_with(wanted);
  }
  // As many characters, which may be longer or shorter.
  const auto begins_character = [](char byte) { return (byte & '\xC0') != '\x80'; };
  std::size_t characters =
      static_cast<std::size_t>(std::ranges::count_if(wanted, begins_character));
  steps.take(wanted.size());
  std::size_t begin = text.size();
  while (characters > 0 && begin > 0) {
    if (begins_character(text[--begin])) --characters;
  }
  return characters == 0 && at_begin(segment, text.substr(begin), steps);
}

bool TextPattern::matches(std::string_view text, MatchSteps& steps) const {
  steps.take(1);
  const auto begin = at_begin(segments_.front(), text, steps);
  if (!begin) return false;
  text.remove_prefix(*begin);
  if (segments_.size() == 1) return text.empty();
  // Each as early as it can be leaves the most to those behind it.
  for (std::size_t i = 1; i + 1 < segments_.size(); ++i) {
    const auto end = search(segments_[i], text, steps);
    if (!end) return false;
    text.remove_prefix(*end);
  }
  return is_at_end(segments_.back(), text, steps);
}

}  // namespace hangar::gateway
