#include "prefect/field_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "prefect/json/number.hpp"
#include "prefect/parse_time.hpp"
#include "prefect/uuid.hpp"

namespace hangar::prefect {

namespace {

using Kind = JsonValue::Kind;

std::string_view name_of(Kind kind) noexcept {
  constexpr std::array<std::string_view, 7> names{"null",     "a boolean", "an integer", "a number",
                                                  "a string", "an array",  "an object"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<std::int64_t> as_int64(JsonValue integer) noexcept {
  const std::string_view token = integer.token();
  std::int64_t result = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), result);
  if (read.ec != std::errc{}) return std::nullopt;
  return result;
}

/// A string of few characters, unescaped where it must be, without keeping it.
class Transient {
 public:
  explicit Transient(JsonValue string) : text_{string.text(memory_)} {}
  operator std::string_view() const noexcept { return text_; }  // NOLINT: reads as the text.

 private:
  std::array<std::byte, 128> buffer_;
  std::pmr::monotonic_buffer_resource memory_{buffer_.data(), buffer_.size()};
  std::string_view text_;
};

std::optional<bool> parse_boolean(std::string_view text) {
  std::string lower{text.substr(0, 6)};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view word : {"0", "f", "n", "no", "off", "false"}) {
    if (lower == word) return false;
  }
  for (const std::string_view word : {"1", "t", "y", "on", "yes", "true"}) {
    if (lower == word) return true;
  }
  return std::nullopt;
}

}  // namespace

void reject(JsonValue value, std::string reason, std::string_view what) {
  const std::string pointer = value.pointer();
  throw DataError{std::move(reason),
                  (pointer.empty() ? "The event" : pointer) + ": " + std::string{what}, pointer};
}

void reject_missing(JsonValue object, std::string_view member) {
  const std::string pointer = object.pointer() + "/" + std::string{member};
  throw DataError{"missing_field", pointer + " is missing", pointer};
}

void reject_kind(JsonValue value, std::string_view wanted) {
  if (value.is_null()) {
    reject(value, "null_not_allowed", std::string{wanted} + " is wanted, but it is null");
  }
  reject(value, "wrong_type",
         std::string{wanted} + " is wanted, but it is " + std::string{name_of(value.kind())});
}

char* FieldReader::keep(std::string_view text) const {
  auto* const copy = static_cast<char*>(texts_.allocate(std::max<std::size_t>(text.size(), 1), 1));
  std::memcpy(copy, text.data(), text.size());
  return copy;
}

Uuid FieldReader::uuid(JsonValue value) {
  if (!value.is(Kind::string)) reject_kind(value, "a UUID");
  const auto id = parse_uuid(value.escaped() ? Transient{value} : value.token());
  if (!id) reject(value, "invalid_uuid", "this is no UUID");
  return *id;
}

ZonedTime FieldReader::time(JsonValue value) const {
  std::optional<ZonedTime> time;
  if (value.is(Kind::string)) {
    time = parse_time(value.escaped() ? Transient{value} : value.token(), now_);
  } else if (value.is(Kind::integer)) {
    if (const auto number = as_int64(value)) time = time_of(*number);
  } else if (value.is(Kind::real)) {
    time = time_of(to_real(value.token()));
  } else {
    reject_kind(value, "a time");
  }
  if (!time) reject(value, "invalid_time", "this is no time between the years 1 and 9999");
  return *time;
}

Duration FieldReader::duration(JsonValue value) {
  std::optional<Duration> duration;
  if (value.is(Kind::string)) {
    duration = parse_duration(value.escaped() ? Transient{value} : value.token());
  } else if (value.is(Kind::integer)) {
    if (const auto number = as_int64(value)) duration = duration_of(*number);
  } else if (value.is(Kind::real)) {
    duration = duration_of(to_real(value.token()));
  } else if (value.is(Kind::boolean)) {
    duration = duration_of(std::int64_t{value.token() == "true"});
  } else {
    reject_kind(value, "a duration");
  }
  if (!duration)
    reject(value, "invalid_duration", "this is no duration of at most 999,999,999 days");
  return *duration;
}

bool FieldReader::boolean(JsonValue value) {
  std::optional<bool> result;
  if (value.is(Kind::boolean)) return value.token() == "true";
  if (value.is(Kind::string)) {
    result = parse_boolean(value.escaped() ? Transient{value} : value.token());
  } else if (value.is(Kind::integer) || value.is(Kind::real)) {
    const double number = to_real(value.token());
    if (number == 0 || number == 1) result = number == 1;
  } else {
    reject_kind(value, "a boolean");
  }
  if (!result) reject(value, "wrong_type", "this is neither true nor false");
  return *result;
}

std::optional<double> FieldReader::try_real(JsonValue value) {
  switch (value.kind()) {
    case Kind::real:
      return to_real(value.token());
    case Kind::integer: {
      const double number = value.token() == "-0" ? 0 : to_real(value.token());
      return std::isinf(number) ? std::nullopt : std::optional{number};
    }
    case Kind::boolean:
      return value.token() == "true" ? 1.0 : 0.0;
    case Kind::string:
      return parse_real(value.escaped() ? Transient{value} : value.token());
    default:
      return std::nullopt;
  }
}

std::optional<std::string> FieldReader::try_integer(JsonValue value) {
  switch (value.kind()) {
    case Kind::integer:
      return std::string{value.token() == "-0" ? "0" : value.token()};
    case Kind::real:
      return integer_of_real(to_real(value.token()));
    case Kind::boolean:
      return std::string{value.token() == "true" ? "1" : "0"};
    case Kind::string:
      return parse_integer(value.escaped() ? Transient{value} : value.token());
    default:
      return std::nullopt;
  }
}

bool FieldReader::is_truthy(JsonValue value) {
  if (!value) return false;
  switch (value.kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.token() == "true";
    case Kind::integer:
    case Kind::real:
      return to_real(value.token()) != 0;
    case Kind::string:
      return !value.token().empty();
    default:
      return value.size() > 0;
  }
}

double FieldReader::real(JsonValue value) {
  const auto number = try_real(value);
  if (!number) reject_kind(value, "a number");
  return *number;
}

std::string FieldReader::integer(JsonValue value) {
  const auto digits = try_integer(value);
  if (!digits) reject_kind(value, "an integer");
  return *digits;
}

std::int32_t FieldReader::int4(JsonValue value) {
  const auto read = [](std::string_view digits) -> std::optional<std::int32_t> {
    std::int32_t number = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return result.ec == std::errc{} ? std::optional{number} : std::nullopt;
  };
  const auto number = read(value.is(Kind::integer) ? value.token() : integer(value));
  if (!number) reject(value, "out_of_range", "this integer does not fit 32 bits");
  return *number;
}

const StateType& FieldReader::state_type(JsonValue value) {
  if (!value.is(Kind::string)) reject_kind(value, "a state type");
  const auto found = std::ranges::find(
      state_types, value.escaped() ? Transient{value} : value.token(), &StateType::word);
  if (found == state_types.end()) {
    reject(value, "unknown_state_type", "this is no type of state");
  }
  return *found;
}

Timestamp FieldReader::instant(const ZonedTime& time, JsonValue value) {
  const auto instant = time.instant();
  if (!instant) reject(value, "out_of_range", "in UTC this is outside the years 1 to 9999");
  return *instant;
}

Interval FieldReader::interval(JsonValue value) {
  const auto interval = duration(value).interval();
  if (!interval) reject(value, "out_of_range", "the duration is longer than 106,751,991 days");
  return *interval;
}

}  // namespace hangar::prefect
