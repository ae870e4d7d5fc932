#include "stored_form.hpp"

#include <charconv>
#include <cstdint>

namespace hangar::sqlite {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t uuid_length = 36;
constexpr std::size_t time_length = 26;
constexpr std::size_t seconds_length = 19;

constexpr bool dash_before(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

// Fixed width, zero-padded.
char* write_digits(char* to, unsigned value, int width) noexcept {
  for (int place = width - 1; place >= 0; --place) {
    to[place] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return to + width;
}

std::optional<unsigned> read_digits(std::string_view text) noexcept {
  unsigned value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(digit - '0');
  }
  return value;
}

std::optional<unsigned> read_hex(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  const char lower = static_cast<char>(digit | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

// Six digits at most; those that are left out are zeros.
std::optional<std::chrono::microseconds> read_fraction(std::string_view text) noexcept {
  if (text.empty()) return std::chrono::microseconds{0};
  if (text.front() != '.' || text.size() < 2 || text.size() > 7) return std::nullopt;
  const auto digits = read_digits(text.substr(1));
  if (!digits) return std::nullopt;
  unsigned micros = *digits;
  for (std::size_t place = text.size(); place < 7; ++place) micros *= 10;
  return std::chrono::microseconds{micros};
}

}  // namespace

std::string_view write_uuid(const Uuid& value, FormBuffer& buffer) noexcept {
  char* to = buffer.data();
  for (std::size_t byte = 0; byte < value.bytes.size(); ++byte) {
    if (dash_before(byte)) *to++ = '-';
    *to++ = hex_digits[value.bytes[byte] >> 4U];
    *to++ = hex_digits[value.bytes[byte] & 15U];
  }
  return {buffer.data(), uuid_length};
}

std::optional<std::string_view> write_time(Timestamp value, FormBuffer& buffer) noexcept {
  using namespace std::chrono;
  constexpr Timestamp first = sys_days{year{1} / January / 1};
  constexpr Timestamp last = sys_days{year{10'000} / January / 1} - microseconds{1};
  if (value < first || value > last) return std::nullopt;
  const auto day = floor<days>(value);
  const year_month_day date{day};
  const auto micros = static_cast<std::uint64_t>((value - day).count());
  const auto second = static_cast<unsigned>(micros / 1'000'000);
  char* to = buffer.data();
  to = write_digits(to, static_cast<unsigned>(int{date.year()}), 4);
  *to++ = '-';
  to = write_digits(to, unsigned{date.month()}, 2);
  *to++ = '-';
  to = write_digits(to, unsigned{date.day()}, 2);
  *to++ = ' ';
  to = write_digits(to, second / 3600, 2);
  *to++ = ':';
  to = write_digits(to, second / 60 % 60, 2);
  *to++ = ':';
  to = write_digits(to, second % 60, 2);
  *to++ = '.';
  write_digits(to, static_cast<unsigned>(micros % 1'000'000), 6);
  return std::string_view{buffer.data(), time_length};
}

std::optional<std::string_view> write_interval(Interval value, FormBuffer& buffer) noexcept {
  return write_time(Timestamp{value}, buffer);
}

std::optional<Uuid> read_uuid(std::string_view text) noexcept {
  if (text.size() != uuid_length) return std::nullopt;
  Uuid value;
  std::size_t from = 0;
  for (std::size_t byte = 0; byte < value.bytes.size(); ++byte) {
    if (dash_before(byte) && text[from++] != '-') return std::nullopt;
    const auto high = read_hex(text[from++]);
    const auto low = read_hex(text[from++]);
    if (!high || !low) return std::nullopt;
    value.bytes[byte] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return value;
}

std::optional<Timestamp> read_time(std::string_view text) noexcept {
  using namespace std::chrono;
  if (text.size() < seconds_length || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
      text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto years = read_digits(text.substr(0, 4));
  const auto months = read_digits(text.substr(5, 2));
  const auto day_of_month = read_digits(text.substr(8, 2));
  const auto hour = read_digits(text.substr(11, 2));
  const auto minute = read_digits(text.substr(14, 2));
  const auto second = read_digits(text.substr(17, 2));
  const auto fraction = read_fraction(text.substr(seconds_length));
  if (!years || !months || !day_of_month || !hour || !minute || !second || !fraction) {
    return std::nullopt;
  }
  const year_month_day date{year{static_cast<int>(*years)}, month{*months}, day{*day_of_month}};
  if (*years == 0 || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return Timestamp{sys_days{date}} + hours{*hour} + minutes{*minute} + seconds{*second} + *fraction;
}

std::optional<Interval> read_interval(std::string_view text) noexcept {
  if (text == "0") return Interval{0};
  const auto time = read_time(text);
  if (!time) return std::nullopt;
  return time->time_since_epoch();
}

bool loses_number_form(std::string_view json) noexcept {
  const auto first = json.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  if (json[first] != '-' && (json[first] < '0' || json[first] > '9')) return false;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
  if (error != std::errc{} || end != json.data() + json.size()) return true;
  FormBuffer buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return json != std::string_view{buffer.data(), written.ptr};
}

}  // namespace hangar::sqlite
