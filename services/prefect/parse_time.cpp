#include "prefect/parse_time.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "prefect/json/number.hpp"
#include "prefect/json/unicode.hpp"
#include "prefect/loose_time.hpp"

namespace hangar::prefect {

namespace {

constexpr std::int64_t milliseconds_from = 20'000'000'000;
constexpr std::int64_t beyond_every_time = 300'000'000'000;  // Seconds: the year 11476.

/// Reads fixed-width fields from left to right and remembers whether all of them were there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}
  [[nodiscard]] bool at_end() const noexcept { return text_.empty(); }
  [[nodiscard]] char peek() const noexcept { return text_.empty() ? '\0' : text_.front(); }
  bool skip_any(std::string_view characters) noexcept {
    if (text_.empty() || characters.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool skip(std::string_view word) noexcept {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool number(std::size_t digits, unsigned& value) noexcept {
    if (text_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(text_[i])) return false;
      value = value * 10 + static_cast<unsigned>(text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return true;
  }
  /// A fraction of a second of any length, cut to microseconds.
  bool fraction(unsigned& microseconds) noexcept {
    std::size_t digits = 0;
    unsigned scale = 100'000;
    microseconds = 0;
    for (; is_digit(peek()); text_.remove_prefix(1), ++digits, scale /= 10) {
      microseconds += static_cast<unsigned>(text_.front() - '0') * scale;
    }
    return digits > 0;
  }

 private:
  std::string_view text_;
};

/// The offset in seconds; none when it is malformed. No offset at all is UTC.
std::optional<std::int32_t> read_offset(Scanner& in) noexcept {
  if (in.at_end() || in.skip_any("Zz")) return 0;
  std::int32_t sign = -1;
  if (in.skip_any("+")) {
    sign = 1;
  } else if (!in.skip_any("-") && !in.skip("\u2212")) {
    return std::nullopt;
  }
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!in.number(2, hours)) return std::nullopt;
  in.skip_any(":");
  if (!in.number(2, minutes) || minutes > 59 || hours > 23) return std::nullopt;
  return sign * static_cast<std::int32_t>(hours * 3600 + minutes * 60);
}

std::optional<ZonedTime> parse_rfc3339(std::string_view text) noexcept {
  Scanner in{text};
  WallClock clock;
  unsigned year = 0;
  if (!in.number(4, year) || !in.skip_any("-") || !in.number(2, clock.month) || !in.skip_any("-") ||
      !in.number(2, clock.day) || !in.skip_any("Tt _") || !in.number(2, clock.hour) ||
      !in.skip_any(":") || !in.number(2, clock.minute)) {
    return std::nullopt;
  }
  clock.year = static_cast<int>(year);
  if (in.skip_any(":")) {
    if (!in.number(2, clock.second)) return std::nullopt;
    if (in.skip_any(".,") && !in.fraction(clock.microsecond)) return std::nullopt;
  }
  const auto offset = read_offset(in);
  const auto wall = clock.microseconds();
  if (!offset || !wall || !in.at_end()) return std::nullopt;
  return ZonedTime{*wall, *offset};
}

/// `2026-11-20T00:00:00.000124Z` only: the form in which clients send nearly all times.
std::optional<ZonedTime> parse_usual(std::string_view text) noexcept {
  if (text.size() != 27) return std::nullopt;
  const char* const at = text.data();
  bool fault = at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':' ||
               at[19] != '.' || at[26] != 'Z';
  const auto number = [&](std::size_t first, std::size_t last) {
    unsigned value = 0;
    for (std::size_t i = first; i < last; ++i) {
      const unsigned digit = static_cast<unsigned char>(at[i]) - unsigned{'0'};
      fault |= digit > 9;
      value = value * 10 + digit;
    }
    return value;
  };
  const WallClock clock{.year = static_cast<int>(number(0, 4)),
                        .month = number(5, 7),
                        .day = number(8, 10),
                        .hour = number(11, 13),
                        .minute = number(14, 16),
                        .second = number(17, 19),
                        .microsecond = number(20, 26)};
  if (fault) return std::nullopt;
  const auto wall = clock.microseconds();
  return wall ? std::optional{ZonedTime{*wall, 0}} : std::nullopt;
}

/// Seconds and microseconds since 1970, UTC.
std::optional<ZonedTime> from_unix(std::int64_t seconds, std::int64_t microseconds) noexcept {
  if (std::abs(seconds) > beyond_every_time) return std::nullopt;
  const ZonedTime time{seconds * one_second + microseconds, 0};
  return time.instant() ? std::optional{time} : std::nullopt;
}

std::optional<ZonedTime> from_milliseconds(std::int64_t whole, std::int64_t microseconds) noexcept {
  std::int64_t seconds = whole / 1000;
  std::int64_t rest = whole % 1000 * 1000;
  if (rest < 0) {
    --seconds;
    rest += one_second;
  }
  return from_unix(seconds, microseconds + rest);
}

std::optional<ZonedTime> from_whole(std::int64_t whole) noexcept {
  const bool milliseconds = whole < -milliseconds_from || whole > milliseconds_from;
  return milliseconds ? from_milliseconds(whole, 0) : from_unix(whole, 0);
}

std::optional<ZonedTime> from_real(double value) noexcept {
  const bool milliseconds = std::abs(value) > static_cast<double>(milliseconds_from);
  if (!(std::abs(value) < 1e15)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(std::floor(value));
  const double fraction = value - std::floor(value);
  return milliseconds ? from_milliseconds(whole, std::llround(fraction * 1e3))
                      : from_unix(whole, std::llround(fraction * 1e6));
}

std::optional<ZonedTime> parse_unix(std::string_view text) {
  if (text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
  std::int64_t whole = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size()) {
    if (digits.size() < text.size() && digits.starts_with('-')) return std::nullopt;
    return from_whole(whole);
  }
  // A real must have its point before anything else that is no digit.
  const std::size_t first = digits.find_first_not_of("0123456789", digits.starts_with('-') ? 1 : 0);
  if (first == std::string_view::npos || digits[first] != '.') return std::nullopt;
  const auto value = parse_real(text);
  return value ? from_real(*value) : std::nullopt;
}

}  // namespace

std::optional<ZonedTime> parse_time(std::string_view text, Timestamp now) {
  if (const auto time = parse_usual(text)) return time;
  if (const auto time = parse_rfc3339(text)) return time;
  if (const auto time = parse_unix(text)) return time;
  return parse_loose_time(text, now);
}

std::optional<ZonedTime> time_of(std::int64_t unix_time) noexcept { return from_whole(unix_time); }

std::optional<ZonedTime> time_of(double unix_time) noexcept { return from_real(unix_time); }

}  // namespace hangar::prefect
