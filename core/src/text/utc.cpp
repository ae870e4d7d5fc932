#include "text/utc.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace hangar {
namespace {

using std::chrono::nanoseconds;
using Moment = std::chrono::sys_time<nanoseconds>;

/// Takes parts of a text from its front.
class Parts {
 public:
  explicit Parts(std::string_view text) : text_{text} {}

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  bool take(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == any_of.npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits; -1 when they are not there.
  int digits(std::size_t count) {
    if (digits_ahead() < count) return -1;
    int number = 0;
    std::from_chars(text_.data(), text_.data() + count, number);
    text_.remove_prefix(count);
    return number;
  }
  /// Up to nine digits behind a point, as nanoseconds; -1 when there are none or more.
  std::int64_t fraction() {
    const std::size_t count = digits_ahead();
    if (count == 0 || count > 9) return -1;
    std::int64_t number = digits(count);
    for (std::size_t i = count; i < 9; ++i) number *= 10;
    return number;
  }

 private:
  [[nodiscard]] std::size_t digits_ahead() const noexcept {
    return std::min(text_.find_first_not_of("0123456789"), text_.size());
  }
  std::string_view text_;
};

std::optional<Moment> parse_date(Parts& parts) {
  const int year = parts.digits(4);
  if (year < 1970 || year > 2261 || !parts.take("-")) return std::nullopt;  // what nanoseconds hold
  const int month = parts.digits(2);
  if (month < 1 || !parts.take("-")) return std::nullopt;
  const int day = parts.digits(2);
  if (day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return Moment{std::chrono::sys_days{date}};
}

std::optional<nanoseconds> parse_hours_and_minutes(Parts& parts) {
  const int hours = parts.digits(2);
  if (hours < 0 || hours > 23 || !parts.take(":")) return std::nullopt;
  const int minutes = parts.digits(2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

std::optional<nanoseconds> parse_clock(Parts& parts) {
  std::optional<nanoseconds> clock = parse_hours_and_minutes(parts);
  if (!clock || !parts.take(":")) return clock;
  const int seconds = parts.digits(2);
  if (seconds < 0 || seconds > 59) return std::nullopt;
  *clock += std::chrono::seconds{seconds};
  if (!parts.take(".")) return clock;
  const std::int64_t fraction = parts.fraction();
  if (fraction < 0) return std::nullopt;
  return *clock + nanoseconds{fraction};
}

/// How far the clock is ahead of UTC.
std::optional<nanoseconds> parse_offset(Parts& parts) {
  if (parts.empty() || parts.take("Zz")) return nanoseconds{};
  const bool ahead = parts.take("+");
  if (!ahead && !parts.take("-")) return std::nullopt;
  const auto offset = parse_hours_and_minutes(parts);
  if (!offset) return std::nullopt;
  return ahead ? *offset : -*offset;
}

}  // namespace

std::string utc_text(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), micros.count());
}

std::optional<Moment> parse_utc(std::string_view text) {
  Parts parts{text};
  std::optional<Moment> moment = parse_date(parts);
  if (!moment || parts.empty()) return moment;
  if (!parts.take("Tt ")) return std::nullopt;
  const auto clock = parse_clock(parts);
  const auto offset = clock ? parse_offset(parts) : std::nullopt;
  if (!offset || !parts.empty()) return std::nullopt;
  return *moment + *clock - *offset;
}

}  // namespace hangar
