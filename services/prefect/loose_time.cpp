#include "prefect/loose_time.hpp"

#include <array>
#include <chrono>
#include <string>

#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

bool is_leap(int year) noexcept { return std::chrono::year{year}.is_leap(); }

/// What the ISO 8601 parser has found so far.
struct Found {
  WallClock clock;
  std::int32_t offset = 0;
  bool has_date = false;
  bool has_time = false;
  bool extended_date = false;
};

/// ISO 8601 as pendulum reads it. Each step returns false where pendulum gives up.
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : text_{text} {}

  bool read(Found& found) {
    if (current() == 'T') return read_time(found, false) && at_end();
    unsigned century = 0;
    if (!number(2, century)) return false;
    if (current() == ':') {
      found.clock.hour = century;
      found.extended_date = true;
      return read_time(found, true) && at_end();
    }
    unsigned rest = 0;
    if (!number(2, rest)) return false;
    found.clock.year = static_cast<int>(century * 100 + rest);
    found.has_date = true;
    if (!read_date(found)) return false;
    return at_end() || (read_time(found, false) && at_end());
  }

 private:
  [[nodiscard]] bool at_end() const noexcept { return text_.empty(); }
  [[nodiscard]] char current() const noexcept { return text_.empty() ? '\0' : text_.front(); }
  [[nodiscard]] bool at_date_end() const noexcept {
    return at_end() || current() == ' ' || current() == 'T';
  }
  [[nodiscard]] bool at_offset_or_end() const noexcept {
    return at_end() || current() == 'Z' || current() == '+' || current() == '-';
  }
  void step() noexcept {
    if (!text_.empty()) text_.remove_prefix(1);
  }
  bool skip(char c) noexcept {
    if (current() != c || at_end()) return false;
    step();
    return true;
  }
  bool number(std::size_t digits, unsigned& value) noexcept {
    value = 0;
    for (std::size_t i = 0; i < digits; ++i, step()) {
      if (!is_digit(current())) return false;
      value = value * 10 + static_cast<unsigned>(current() - '0');
    }
    return true;
  }

  bool read_date(Found& found) {
    WallClock& clock = found.clock;
    if (skip('-')) {
      found.extended_date = true;
      if (skip('W')) {
        unsigned week = 0;
        unsigned weekday = 1;
        if (!number(2, week)) return false;
        if (!at_date_end() && (!skip('-') || !number(1, weekday))) return false;
        return set_week_date(clock, week, weekday);
      }
      if (!number(2, clock.month)) return false;
      if (at_date_end()) return true;
      if (skip('-')) return number(2, clock.day);
      unsigned last = 0;
      return number(1, last) &&
             set_ordinal(clock, static_cast<int>(clock.month * 10 + last), false);
    }
    if (skip('W')) {
      unsigned week = 0;
      unsigned weekday = 1;
      if (!number(2, week) || (!at_date_end() && !number(1, weekday))) return false;
      return set_week_date(clock, week, weekday);
    }
    unsigned tens = 0;
    unsigned ones = 0;
    if (!number(2, clock.month) || !number(1, tens)) return false;
    if (at_date_end()) {
      return set_ordinal(clock, static_cast<int>(clock.month * 10 + tens), false);
    }
    if (!number(1, ones)) return false;
    clock.day = tens * 10 + ones;
    return true;
  }

  bool read_time(Found& found, bool hour_known) {
    WallClock& clock = found.clock;
    if (!hour_known) {
      if (!skip('T') && !skip(' ')) return false;
      if (!number(2, clock.hour)) return false;
    }
    found.has_time = true;
    if (!at_offset_or_end()) {
      if (skip(':')) {
        if (!number(2, clock.minute)) return false;
        if (!at_offset_or_end()) {
          if (!skip(':') || !read_second(clock) || !found.extended_date) return false;
        }
      } else {
        if (!number(2, clock.minute)) return false;
        if (!at_offset_or_end() && !read_second(clock)) return false;
        if (found.extended_date) return false;
      }
    }
    return read_offset(found);
  }

  bool read_second(WallClock& clock) {
    if (!number(2, clock.second)) return false;
    if (!skip('.') && !skip(',')) return true;
    if (!is_digit(current())) return false;
    for (unsigned scale = 100'000; is_digit(current()); step(), scale /= 10) {
      clock.microsecond += static_cast<unsigned>(current() - '0') * scale;
    }
    return true;
  }

  bool read_offset(Found& found) {
    if (skip('Z')) return true;
    const bool negative = current() == '-';
    if (!skip('+') && !skip('-')) return true;
    unsigned hours = 0;
    unsigned minutes = 0;
    if (!number(2, hours)) return false;
    skip(':');
    if (!at_end() && !number(2, minutes)) return false;
    const auto total = static_cast<std::int32_t>(hours * 60 + minutes);
    if (!negative && total > 24 * 60) return false;
    found.offset = (negative ? -total : total) * 60;
    return true;
  }

  /// The day of the year counted from 1; beyond the year only where `carry` allows it.
  static bool set_ordinal(WallClock& clock, int ordinal, bool carry) {
    const int length = is_leap(clock.year) ? 366 : 365;
    if (!carry && (ordinal < 1 || ordinal > length)) return false;
    if (clock.year < 1) return false;
    const std::chrono::year_month_day date{sys_days{std::chrono::year{clock.year} / 1 / 1} +
                                           days{ordinal - 1}};
    clock.year = static_cast<int>(date.year());
    clock.month = static_cast<unsigned>(date.month());
    clock.day = static_cast<unsigned>(date.day());
    return true;
  }

  static bool set_week_date(WallClock& clock, unsigned week, unsigned weekday) {
    const sys_days fourth{std::chrono::year{clock.year} / 1 / 4};
    const int fourth_weekday = static_cast<int>(std::chrono::weekday{fourth}.iso_encoding());
    const sys_days last{std::chrono::year{clock.year} / 12 / 31};
    const bool long_year =
        std::chrono::weekday{last} == std::chrono::Thursday || fourth_weekday == 7;
    if (week > 53 || (week > 52 && !long_year) || weekday > 7) return false;
    return set_ordinal(clock, static_cast<int>(week * 7 + weekday) - (fourth_weekday + 3), true);
  }

  std::string_view text_;
};

/// `\d{least,most}`, as many as there are.
bool take_digits(std::string_view& text, std::size_t least, std::size_t most, unsigned& value) {
  std::size_t count = 0;
  value = 0;
  while (count < most && count < text.size() && is_digit(text[count])) {
    value = value * 10 + static_cast<unsigned>(text[count++] - '0');
  }
  text.remove_prefix(count);
  return count >= least;
}

bool take_any(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// `H:M:S.f` to the end of the text, each number of one or two digits, seconds and fraction
/// optional.
bool take_clock(std::string_view text, WallClock& clock) {
  take_any(text, " ");
  if (!take_digits(text, 1, 2, clock.hour) || !take_any(text, ":")) return false;
  if (!take_digits(text, 1, 2, clock.minute)) return false;
  if (take_any(text, ":") && !take_digits(text, 1, 2, clock.second)) return false;
  if (take_any(text, ".|,")) {
    const std::size_t digits = text.size();
    if (digits == 0 || digits > 9) return false;
    for (unsigned scale = 100'000; !text.empty(); text.remove_prefix(1), scale /= 10) {
      if (!is_digit(text.front())) return false;
      clock.microsecond += static_cast<unsigned>(text.front() - '0') * scale;
    }
  }
  return text.empty();
}

/// Pendulum's last resort; dates with a slash or a colon, or none at all.
bool read_common(std::string_view text, Found& found) {
  unsigned year = 0;
  std::string_view rest = text;
  if (take_digits(rest, 4, 4, year)) {
    found.has_date = true;
    found.clock.year = static_cast<int>(year);
    std::string_view behind = rest;
    WallClock clock = found.clock;
    take_any(behind, "/:");
    bool full = take_digits(behind, 2, 2, clock.month);
    if (full) {
      take_any(behind, "/:");
      full = take_digits(behind, 2, 2, clock.day);
    }
    if (full && (behind.empty() || take_clock(behind, clock))) {
      found.clock = clock;
      return true;
    }
    if (rest.empty() || take_clock(rest, found.clock)) return true;
  }
  found = Found{};
  found.has_time = true;
  return take_clock(text, found.clock);
}

}  // namespace

std::optional<ZonedTime> parse_loose_time(std::string_view text, Timestamp now) {
  if (text == "now") return ZonedTime::utc(now);
  const auto finish = [&](Found found) -> std::optional<ZonedTime> {
    if (!found.has_date) {
      const std::chrono::year_month_day today{std::chrono::floor<days>(now)};
      found.clock.year = static_cast<int>(today.year());
      found.clock.month = static_cast<unsigned>(today.month());
      found.clock.day = static_cast<unsigned>(today.day());
      found.offset = 0;  // Pendulum drops it from a time of day.
    }
    const auto wall = found.clock.microseconds();
    if (!wall) return std::nullopt;
    return ZonedTime{*wall, found.offset};
  };
  Found iso;
  if (IsoReader{text}.read(iso)) {
    if (const auto time = finish(iso)) return time;
  }
  const auto folded = fold_digits(text);
  Found common;
  if (!folded || !read_common(*folded, common)) return std::nullopt;
  return finish(common);
}

}  // namespace hangar::prefect
