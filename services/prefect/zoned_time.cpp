#include "prefect/zoned_time.hpp"

#include <array>
#include <chrono>
#include <cstdlib>

namespace hangar::prefect {

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr std::int64_t day = 86'400 * one_second;
constexpr std::int64_t first_wall =
    std::chrono::microseconds{sys_days{std::chrono::year{1} / 1 / 1}.time_since_epoch()}.count();
constexpr std::int64_t last_wall =
    std::chrono::microseconds{sys_days{std::chrono::year{10000} / 1 / 1}.time_since_epoch()}
        .count() -
    1;
void append_digits(std::string& out, unsigned value, std::size_t width) {
  std::array<char, 8> digits{};
  for (std::size_t i = width; i-- > 0; value /= 10) {
    digits[i] = static_cast<char>('0' + value % 10);
  }
  out.append(digits.data(), width);
}

}  // namespace

std::optional<Timestamp> ZonedTime::instant() const noexcept {
  if (offset <= -86'400 || offset >= 86'400) return std::nullopt;
  const std::int64_t utc = wall - offset * one_second;
  if (utc < first_wall || utc > last_wall) return std::nullopt;
  return Timestamp{std::chrono::microseconds{utc}};
}

ZonedTime ZonedTime::utc(Timestamp instant) noexcept {
  return {instant.time_since_epoch().count(), 0};
}

std::optional<std::int64_t> WallClock::microseconds() const noexcept {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (year < 1 || year > 9999 || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
  return days * prefect::day + seconds * one_second + microsecond;
}

void append_time(std::string& out, const ZonedTime& time) {
  const auto days = std::chrono::floor<std::chrono::days>(Timestamp{1us * time.wall});
  const std::chrono::year_month_day date{days};
  const auto rest = static_cast<std::uint64_t>(
      time.wall - std::chrono::microseconds{days.time_since_epoch()}.count());
  const auto seconds = static_cast<unsigned>(rest / one_second);
  const auto micros = static_cast<unsigned>(rest % one_second);
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, seconds / 3600, 2);
  out += ':';
  append_digits(out, seconds / 60 % 60, 2);
  out += ':';
  append_digits(out, seconds % 60, 2);
  if (micros != 0) {
    out += '.';
    append_digits(out, micros, 6);
  }
  if (time.offset == 0) {
    out += 'Z';
    return;
  }
  const unsigned minutes = static_cast<unsigned>(std::abs(time.offset)) / 60;
  out += time.offset < 0 ? '-' : '+';
  append_digits(out, minutes / 60, 2);
  out += ':';
  append_digits(out, minutes % 60, 2);
}

}  // namespace hangar::prefect
