#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hangar::prefect {

/// Of ASCII.
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// How many code points well-formed UTF-8 has; what Python's `len` counts.
std::size_t count_code_points(std::string_view text) noexcept;

/// The text without white space (Unicode's White_Space) at either end, as Rust's `trim` leaves it.
std::string_view trim(std::string_view text) noexcept;

/// What Python's `int` and `\d` see in a text: outside ASCII each decimal digit of any script
/// becomes its ASCII digit and each white space a blank. None when another such character is in it.
std::optional<std::string> fold_digits(std::string_view text);

}  // namespace hangar::prefect
