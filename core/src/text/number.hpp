#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace hangar {

/// The number that the whole text is, in base 10; nothing when it is none, or too large.
template <class Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace hangar
