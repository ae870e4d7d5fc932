#include "prefect/duration.hpp"

#include <cmath>
#include <limits>

#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

constexpr std::uint32_t day_seconds = 86'400;
constexpr std::uint32_t most_days = 999'999'999;

/// The unsigned fields that the reference's parser counts in, each of 32 bits.
struct Span {
  std::uint32_t days = 0;
  std::uint32_t seconds = 0;
  std::uint32_t microseconds = 0;

  static bool add(std::uint32_t& field, std::uint64_t value) noexcept {
    const std::uint64_t sum = field + value;
    if (value > std::numeric_limits<std::uint32_t>::max() ||
        sum > std::numeric_limits<std::uint32_t>::max()) {
      return false;
    }
    field = static_cast<std::uint32_t>(sum);
    return true;
  }

  [[nodiscard]] std::optional<Duration> with_sign(bool negative) const noexcept {
    const std::uint64_t total =
        std::uint64_t{days} * day_seconds + seconds + microseconds / 1'000'000U;
    const std::uint32_t rest = microseconds % 1'000'000U;
    if (total / day_seconds > most_days) return std::nullopt;
    // Python's least timedelta is a whole number of days.
    const bool least = total == std::uint64_t{most_days} * day_seconds && rest == 0;
    if (negative && total / day_seconds == most_days && !least) return std::nullopt;
    return Duration{negative, total, rest};
  }
};

std::uint32_t saturate(double value) noexcept {
  if (!(value > 0)) return 0;
  if (value >= 4294967295.0) return std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(value);
}

std::uint32_t rounded_microseconds(double fraction) noexcept {
  return saturate(std::round(fraction * 1e6));
}

bool take_number(std::string_view& text, std::uint32_t& value) noexcept {
  if (text.empty() || !is_digit(text.front())) return false;
  std::uint64_t number = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    number = number * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (number > std::numeric_limits<std::uint32_t>::max()) return false;
  }
  value = static_cast<std::uint32_t>(number);
  return true;
}

/// The digits behind a point or comma, as the reference sums them up; none when there is no point.
std::optional<double> take_fraction(std::string_view& text) noexcept {
  if (text.empty() || (text.front() != '.' && text.front() != ',')) return std::nullopt;
  double decimal = 0;
  double denominator = 1;
  for (text.remove_prefix(1); !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    decimal = decimal * 10 + (text.front() - '0');
    denominator *= 10;
  }
  return decimal / denominator;
}

bool add_clock_unit(Span& span, char unit, std::uint32_t value, std::optional<double> fraction) {
  const std::uint32_t scale = unit == 'H' ? 3600 : unit == 'M' ? 60 : unit == 'S' ? 1 : 0;
  if (scale == 0 || !Span::add(span.seconds, std::uint64_t{scale} * value)) return false;
  if (!fraction) return true;
  const double extra = *fraction * scale;
  const double whole = std::trunc(extra);
  return Span::add(span.seconds, saturate(whole)) &&
         Span::add(span.microseconds, rounded_microseconds(extra - whole));
}

bool add_date_unit(Span& span, char unit, std::uint32_t value, std::optional<double> fraction) {
  const std::uint32_t scale = unit == 'Y'   ? 365
                              : unit == 'M' ? 30
                              : unit == 'W' ? 7
                              : unit == 'D' ? 1
                                            : 0;
  if (scale == 0 || !Span::add(span.days, std::uint64_t{scale} * value)) return false;
  if (!fraction) return true;
  const double extra = *fraction * scale;
  const double whole = std::trunc(extra);
  const double seconds = (extra - whole) * day_seconds;
  const double whole_seconds = std::trunc(seconds);
  return Span::add(span.days, saturate(whole)) &&
         Span::add(span.seconds, saturate(whole_seconds)) &&
         Span::add(span.microseconds, rounded_microseconds(seconds - whole_seconds));
}

std::optional<Span> parse_iso(std::string_view text) {
  Span span;
  bool clock = false;
  bool had_fraction = false;
  if (text.size() < 2) return std::nullopt;
  while (!text.empty()) {
    if (text.front() == 'T') {
      if (clock) return std::nullopt;
      clock = true;
      text.remove_prefix(1);
      continue;
    }
    std::uint32_t value = 0;
    if (!take_number(text, value)) return std::nullopt;
    const auto fraction = take_fraction(text);
    if (had_fraction || text.empty()) return std::nullopt;
    had_fraction = fraction.has_value();
    const bool added = clock ? add_clock_unit(span, text.front(), value, fraction)
                             : add_date_unit(span, text.front(), value, fraction);
    if (!added) return std::nullopt;
    text.remove_prefix(1);
  }
  return span;
}

bool take_two_digits(std::string_view& text, std::uint32_t most, std::uint32_t& value) noexcept {
  if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return false;
  value = static_cast<std::uint32_t>((text[0] - '0') * 10 + (text[1] - '0'));
  text.remove_prefix(2);
  return value <= most;
}

/// `HH:MM[:SS[.ffffff]]` with up to ten digits of hours.
std::optional<Span> parse_clock(std::string_view text) {
  if (text.size() < 5) return std::nullopt;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon > 10) return std::nullopt;
  std::uint64_t hours = 0;
  for (const char c : text.substr(0, colon)) {
    if (!is_digit(c)) return std::nullopt;
    hours = hours * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (hours > 2'400'000'000) return std::nullopt;
  // What does not fit behind the colon (MM:SS.ffffff) is cut without a look.
  text = text.substr(colon + 1, 12);
  std::uint32_t minutes = 0;
  std::uint32_t seconds = 0;
  std::uint32_t microseconds = 0;
  if (!take_two_digits(text, 59, minutes)) return std::nullopt;
  if (!text.empty() && text.front() == ':') {
    text.remove_prefix(1);
    if (!take_two_digits(text, 59, seconds)) return std::nullopt;
    if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
      text.remove_prefix(1);
      if (text.empty() || !is_digit(text.front())) return std::nullopt;
      for (std::uint32_t scale = 100'000; !text.empty() && is_digit(text.front());
           text.remove_prefix(1), scale /= 10) {
        microseconds += static_cast<std::uint32_t>(text.front() - '0') * scale;
      }
    }
  }
  if (!text.empty()) return std::nullopt;
  return Span{static_cast<std::uint32_t>(hours / 24),
              static_cast<std::uint32_t>(hours % 24) * 3600 + minutes * 60 + seconds, microseconds};
}

std::optional<Span> parse_days_and_clock(std::string_view text) {
  std::uint32_t days = 0;
  if (!take_number(text, days)) return std::nullopt;
  const auto skip = [&text](std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
  };
  skip(" ");
  if (!skip("d") && !skip("D")) return std::nullopt;
  if (!skip("ays") && !skip("ay") && !skip("AYS") && !skip("AY") &&
      (text.starts_with('a') || text.starts_with('A'))) {
    return std::nullopt;
  }
  if (!skip(", ") && !skip(",")) skip(" ");
  if (text.empty()) return Span{days, 0, 0};
  auto span = parse_clock(text);
  if (!span || span->days > 0) return std::nullopt;
  span->days = days;
  return span;
}

}  // namespace

std::optional<Interval> Duration::interval() const noexcept {
  constexpr std::uint64_t most_seconds = 9'223'372'036'854;
  constexpr std::uint32_t most_microseconds = 775'807;
  if (seconds > most_seconds || (seconds == most_seconds && microseconds > most_microseconds)) {
    return std::nullopt;
  }
  const std::int64_t total = static_cast<std::int64_t>(seconds) * 1'000'000 + microseconds;
  return Interval{negative ? -total : total};
}

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::optional<Span> span;
  if (text.front() == 'P') {
    span = parse_iso(text.substr(1));
  } else if (text.size() < 5 || text.find_first_of("dD") != std::string_view::npos) {
    span = parse_days_and_clock(text);
  } else {
    span = parse_clock(text);
  }
  return span ? span->with_sign(negative) : std::nullopt;
}

std::optional<Duration> duration_of(std::int64_t seconds) noexcept {
  const bool negative = seconds < 0;
  const auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(seconds) : static_cast<std::uint64_t>(seconds);
  if (magnitude / day_seconds > most_days) return std::nullopt;
  return Span{static_cast<std::uint32_t>(magnitude / day_seconds),
              static_cast<std::uint32_t>(magnitude % day_seconds), 0}
      .with_sign(negative);
}

std::optional<Duration> duration_of(double seconds) noexcept {
  const double magnitude = std::abs(seconds);
  if (!(magnitude < 1e18)) return std::nullopt;
  const double whole = std::trunc(magnitude);
  return Span{saturate(magnitude / day_seconds),
              static_cast<std::uint32_t>(static_cast<std::uint64_t>(whole) % day_seconds),
              rounded_microseconds(magnitude - whole)}
      .with_sign(!(seconds >= 0));
}

}  // namespace hangar::prefect
