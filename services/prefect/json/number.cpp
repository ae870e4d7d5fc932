#include "prefect/json/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

std::size_t count_digits(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

/// Whether a decimal number that a double cannot hold is too large rather than too small. Its
/// digits are not all zero.
bool overflows(std::string_view number) noexcept {
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, exponent_at);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
  std::int64_t magnitude = static_cast<std::int64_t>(point) - first;
  if (exponent_at < number.size()) {
    std::string_view exponent = number.substr(exponent_at + 1);
    const bool negative = exponent.front() == '-';
    if (negative || exponent.front() == '+') exponent.remove_prefix(1);
    std::int64_t value = 0;
    for (const char c : exponent) value = std::min<std::int64_t>(value * 10 + (c - '0'), 1 << 30);
    magnitude += negative ? -value : value;
  }
  return magnitude > 0;
}

bool is_decimal(std::string_view text) noexcept {
  const std::size_t whole = count_digits(text);
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const std::size_t exponent = count_digits(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char c, char l) { return c == l || (c >= 'A' && c <= 'Z' && c + 32 == l); });
}

std::optional<double> parse_rust_real(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (equals_ignoring_case(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (is_decimal(text)) {
    value = to_real(text);
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

/// Without its underscores, or none when they stand where Python's `int` refuses them or there are
/// none.
std::optional<std::string> without_underscores(std::string_view text) {
  if (text.starts_with('_') || text.ends_with('_') || text.find('_') == std::string_view::npos ||
      text.find("__") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string plain{text};
  std::erase(plain, '_');
  return plain;
}

std::string_view without_leading_zeros(std::string_view text) noexcept {
  if (!text.starts_with('0')) return text;
  const std::size_t first = text.find_first_not_of("0_");
  if (first == std::string_view::npos) return text.substr(text.size() - 1);
  return text[first] == '.' ? text.substr(first - 1) : text.substr(first);
}

}  // namespace

double to_real(std::string_view token) noexcept {
  if (token == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = token.starts_with('-');
  if (negative) token.remove_prefix(1);
  double value = 0;
  if (token == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else {
    const auto result = std::from_chars(token.data(), token.data() + token.size(), value);
    if (result.ec == std::errc::result_out_of_range) {
      value = overflows(token) ? std::numeric_limits<double>::infinity() : 0.0;
    }
  }
  return negative ? -value : value;
}

std::optional<double> parse_real(std::string_view text) {
  if (const auto value = parse_rust_real(trim(text))) return value;
  const auto plain = without_underscores(text);
  return plain ? parse_rust_real(*plain) : std::nullopt;
}

std::optional<std::string> parse_integer(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  text = without_leading_zeros(text);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && point + 1 < text.size() &&
      text.find_first_not_of('0', point + 1) == std::string_view::npos) {
    text = text.substr(0, point);
  }
  std::string digits = without_underscores(text).value_or(std::string{text});
  if (!negative && digits.starts_with('-')) {
    negative = true;  // A sign may follow leading zeros.
    digits.erase(0, 1);
  }
  if (digits.empty() || count_digits(digits) != digits.size() ||
      (digits.size() > 1 && digits.front() == '0') || digits.size() > most_digits) {
    return std::nullopt;
  }
  if (negative && digits != "0") digits.insert(0, 1, '-');
  return digits;
}

std::optional<std::string> integer_of_real(double value) {
  constexpr double limit = 9223372036854775808.0;
  if (!std::isfinite(value) || std::trunc(value) != value || value <= -limit || value >= limit) {
    return std::nullopt;
  }
  return std::to_string(static_cast<std::int64_t>(value));
}

void append_real(std::string& out, double value) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  std::string_view text{buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())};
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t digits_at = text[mark + 1] == '+' ? mark + 2 : mark + 1;
  std::from_chars(text.data() + digits_at, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += text;
    return;
  }
  // The digits without their point, which moves.
  std::array<char, 20> digit_buffer{};
  digit_buffer[0] = text[0];
  const std::string_view behind = mark > 1 ? text.substr(2, mark - 2) : std::string_view{};
  std::copy(behind.begin(), behind.end(), digit_buffer.begin() + 1);
  const std::string_view digits{digit_buffer.data(), behind.size() + 1};
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent) - 1, '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out.append(digits).append(whole - digits.size(), '0').append(".0");
  } else {
    out.append(digits.substr(0, whole)).append(1, '.').append(digits.substr(whole));
  }
}

}  // namespace hangar::prefect
