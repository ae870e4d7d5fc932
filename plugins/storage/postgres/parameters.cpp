#include "parameters.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <stdexcept>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;

// pg_type.dat; the numbers of built-in types never change.
enum Oid : std::uint32_t {
  bool_oid = 16,
  bytea_oid = 17,
  int8_oid = 20,
  int4_oid = 23,
  text_oid = 25,
  json_oid = 114,
  float8_oid = 701,
  timestamptz_oid = 1184,
  interval_oid = 1186,
  uuid_oid = 2950,
  jsonb_oid = 3802,
};

constexpr std::size_t header_size = 20;
constexpr std::int64_t days_per_month = 30;  // as PostgreSQL compares intervals

std::uint32_t element_oid(ColumnType type) {
  switch (type) {
    case ColumnType::uuid:
      return uuid_oid;
    case ColumnType::int4:
      return int4_oid;
    case ColumnType::timestamp:
      return timestamptz_oid;
    case ColumnType::interval:
      return interval_oid;
    case ColumnType::json:
      return jsonb_oid;
    case ColumnType::boolean:
      return bool_oid;
    case ColumnType::int8:
      return int8_oid;
    case ColumnType::float8:
      return float8_oid;
    case ColumnType::bytes:
      return bytea_oid;
    case ColumnType::json_text:
      return json_oid;
    case ColumnType::text:
    case ColumnType::enumeration:
      break;
  }
  return text_oid;
}

template <class T>
T read(std::string_view& bytes) {
  std::make_unsigned_t<T> value = 0;
  if (bytes.size() < sizeof value) throw std::logic_error{"PostgreSQL sent a value cut short"};
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<std::make_unsigned_t<T>>(value << 8U | static_cast<std::uint8_t>(bytes[i]));
  }
  bytes.remove_prefix(sizeof value);
  return static_cast<T>(value);
}

Timestamp read_timestamp(std::string_view bytes) {
  constexpr Timestamp first = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
  constexpr Timestamp last = std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - 1us;
  const auto stored = read<std::int64_t>(bytes);
  if (stored > last.time_since_epoch().count() - epoch_shift) return last;
  if (stored < first.time_since_epoch().count() - epoch_shift) return first;
  return Timestamp{std::chrono::microseconds{stored + epoch_shift}};
}

Interval read_interval(std::string_view bytes) {
  const auto micros = read<std::int64_t>(bytes);
  const auto days = read<std::int32_t>(bytes);
  const auto months = read<std::int32_t>(bytes);
  const std::int64_t whole_days = days + days_per_month * months;
  std::int64_t sum = 0;
  // Towards zero first, for the days of the earliest interval alone are beyond the range.
  const std::int64_t last = whole_days < 0 && micros > 0 ? micros - micros_per_day : micros;
  const std::int64_t first = last == micros ? whole_days : whole_days + 1;
  if (__builtin_mul_overflow(first, micros_per_day, &sum) ||
      __builtin_add_overflow(sum, last, &sum)) {
    return whole_days < 0 ? Interval::min() : Interval::max();
  }
  return Interval{sum};
}

}  // namespace

void Parameters::clear() noexcept {
  encoder_.clear();
  starts_.clear();
}

void Parameters::begin_array(ColumnType type, std::size_t count) {
  begin_array(element_oid(type), count);
}

void Parameters::begin_array(std::uint32_t element_oid, std::size_t count) {
  starts_.push_back(encoder_.size());
  // The rest is made room for as it comes.
  encoder_.reserve(header_size);
  const bool empty = count == 0;
  encoder_.put<std::int32_t>(empty ? 0 : 1);  // dimensions
  encoder_.put<std::int32_t>(0);              // whether there are nulls, see tell_nulls
  encoder_.put(element_oid);
  if (empty) return;
  encoder_.put_length(count);
  encoder_.put<std::int32_t>(1);  // lower bound
}

void Parameters::tell_nulls() noexcept { encoder_.data()[starts_.back() + 7] = 1; }

void Parameters::add_masks(std::span<const std::uint64_t> masks) {
  begin_array(int8_oid, masks.size());
  for (const std::uint64_t mask : masks) {
    encoder_.reserve(sizeof(std::int32_t) + sizeof mask);
    encoder_.put_length(sizeof mask);
    encoder_.put(mask);
  }
}

const char* const* Parameters::values() {
  values_.clear();
  for (const std::size_t start : starts_) values_.push_back(encoder_.data() + start);
  return values_.data();
}

const int* Parameters::lengths() {
  lengths_.clear();
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    const std::size_t end = i + 1 < starts_.size() ? starts_[i + 1] : encoder_.size();
    const std::size_t length = end - starts_[i];
    if (length > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw DataError{"out_of_range", "PostgreSQL: a column of more than 2 GiB in one batch"};
    }
    lengths_.push_back(static_cast<int>(length));
  }
  return lengths_.data();
}

const int* Parameters::formats() {
  formats_.assign(starts_.size(), 1);
  return formats_.data();
}

Cell cell_from_binary(ColumnType type, std::string_view bytes) {
  switch (type) {
    case ColumnType::uuid: {
      Uuid value;
      if (bytes.size() != value.bytes.size()) throw std::logic_error{"PostgreSQL sent no uuid"};
      std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
      return value;
    }
    case ColumnType::int4:
      return read<std::int32_t>(bytes);
    case ColumnType::timestamp:
      return read_timestamp(bytes);
    case ColumnType::interval:
      return read_interval(bytes);
    case ColumnType::json:
      return bytes.substr(1);
    case ColumnType::boolean:
      return bytes != std::string_view{"\0", 1};
    case ColumnType::int8:
      return read<std::int64_t>(bytes);
    case ColumnType::float8:
      return std::bit_cast<double>(read<std::int64_t>(bytes));
    case ColumnType::bytes:
      return std::as_bytes(std::span{bytes});
    case ColumnType::text:
    case ColumnType::json_text:
    case ColumnType::enumeration:
      break;
  }
  return bytes;
}

}  // namespace hangar::postgres
