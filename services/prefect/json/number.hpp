#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hangar::prefect {

/// Of an integer; Python refuses to read more.
inline constexpr std::size_t most_digits = 4300;

/// The value of a JSON real's token, correctly rounded: beyond the range of a double it is infinite
/// or zero; `NaN` and `Infinity` are what they say.
double to_real(std::string_view token) noexcept;

/// Whether the text is a number as Rust's `f64::from_str` takes it, after white space is trimmed or
/// single underscores between other characters are dropped; its value. (pydantic's lax mode.)
std::optional<double> parse_real(std::string_view text);

/// The decimal digits of the integer that pydantic's lax mode reads from a string (`" +0_12.00 "`
/// is `12`), without leading zeros; none where it refuses.
std::optional<std::string> parse_integer(std::string_view text);

/// The digits of the integer that a real is, none unless it is one and fits 64 bits.
std::optional<std::string> integer_of_real(double value);

/// Appends the shortest digits that give the value back, as Python's `repr` writes them: `1.0`,
/// `1e+22`, `1e-05`. The value is finite.
void append_real(std::string& out, double value);

}  // namespace hangar::prefect
