#include "out/text_pattern.hpp"

#include <algorithm>
#include <string>

#include "out/unicode_text.hpp"

namespace hangar::gateway {

bool TextPattern::Part::takes(char32_t c) const noexcept {
  if (kind != Kind::one_of) return true;
  const bool found = std::ranges::any_of(
      ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
  return found != negated;
}

void TextPattern::add(char32_t c) {
  Part part;
  part.ranges.emplace_back(c, c);
  parts_.push_back(std::move(part));
}

void TextPattern::add(Part::Kind kind) {
  Part part;
  part.kind = kind;
  // Two stars are one: so a match is tried from few places.
  if (kind == Part::Kind::many && !parts_.empty() && parts_.back().kind == kind) return;
  parts_.push_back(std::move(part));
}

// As fnmatch.translate of Python 3.11 reads it: a hyphen between two characters is a range, one
// that runs backwards is none, and its two ends are not in the set.
TextPattern::Part TextPattern::set(std::u32string_view stuff) {
  Part part;
  part.negated = stuff.front() == U'!';
  const std::size_t start = part.negated ? 1 : 0;
  std::vector<std::u32string> chunks;
  std::size_t from = start;
  for (std::size_t hyphen = stuff.find(U'-', start + 1); hyphen != std::u32string_view::npos;) {
    chunks.emplace_back(stuff.substr(from, hyphen - from));
    from = hyphen + 1;
    hyphen = stuff.find(U'-', hyphen + 3);
  }
  if (from < stuff.size()) {
    chunks.emplace_back(stuff.substr(from));
  } else {
    chunks.back() += U'-';
  }
  for (std::size_t i = chunks.size() - 1; i > 0; --i) {
    if (chunks[i - 1].back() <= chunks[i].front()) continue;
    chunks[i - 1].pop_back();
    chunks[i - 1] += chunks[i].substr(1);
    chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    for (const char32_t c : chunks[i]) part.ranges.emplace_back(c, c);
    if (i > 0) part.ranges.emplace_back(chunks[i - 1].back(), chunks[i].front());
  }
  return part;
}

TextPattern TextPattern::glob(std::string_view pattern) {
  const std::u32string text = code_points(pattern);
  TextPattern made;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = text[i++];
    if (c == U'*') {
      made.add(Part::Kind::many);
    } else if (c == U'?') {
      made.add(Part::Kind::any);
    } else if (c == U'[') {
      std::size_t end = i;
      if (end < text.size() && text[end] == U'!') ++end;
      if (end < text.size() && text[end] == U']') ++end;
      end = text.find(U']', end);
      if (end == std::u32string::npos) {
        made.add(c);
      } else {
        made.parts_.push_back(set(std::u32string_view{text}.substr(i, end - i)));
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
      made.add(Part::Kind::many);
    } else if (c == U'?') {
      made.add(Part::Kind::any);
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
      made.add(Part::Kind::many);
    } else if (!escaped && c == U'_') {
      made.add(Part::Kind::any);
    } else {
      made.add(c);
    }
    escaped = false;
  }
  // The backslash at the end escapes the `%` that is put behind the prefix.
  if (escaped) {
    made.add(U'%');
  } else {
    made.add(Part::Kind::many);
  }
  return made;
}

bool TextPattern::matches(std::string_view text) const {
  const std::u32string points = code_points(text);
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t part = 0;
  std::size_t star = none;
  std::size_t behind_star = 0;
  for (std::size_t i = 0; i < points.size();) {
    const bool more = part < parts_.size();
    if (more && parts_[part].kind == Part::Kind::many) {
      star = part++;
      behind_star = i;
    } else if (more && parts_[part].takes(points[i])) {
      ++part;
      ++i;
    } else if (star != none) {
      part = star + 1;
      i = ++behind_star;
    } else {
      return false;
    }
  }
  while (part < parts_.size() && parts_[part].kind == Part::Kind::many) ++part;
  return part == parts_.size();
}

}  // namespace hangar::gateway
