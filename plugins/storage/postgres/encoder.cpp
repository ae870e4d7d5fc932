#include "encoder.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

constexpr char jsonb_version = 1;
// Length and value of the widest value that is not text.
constexpr std::size_t widest = 4 + 16;

/// Prefect's driver writes the first and the last microsecond of its calendar as infinities.
std::int64_t as_prefect_writes(Timestamp time) {
  using namespace std::chrono;
  constexpr Timestamp first = sys_days{year{1} / 1 / 1};
  constexpr Timestamp last = sys_days{year{10'000} / 1 / 1} - microseconds{1};
  if (time == first) return std::numeric_limits<std::int64_t>::min();
  if (time == last) return std::numeric_limits<std::int64_t>::max();
  return std::int64_t{time.time_since_epoch().count()} - epoch_shift;
}

}  // namespace

void Encoder::reserve(std::size_t more) {
  if (capacity_ - size_ >= more) return;
  constexpr std::size_t least = 64U << 10U;
  const std::size_t capacity = std::max({least, capacity_ * 2, size_ + more});
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(grown.get(), bytes_.get(), size_);
  bytes_ = std::move(grown);
  capacity_ = capacity;
}

void Encoder::put_length(std::size_t length) {
  if (length > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw DataError{"out_of_range", "PostgreSQL: a value of more than 2 GiB"};
  }
  put(static_cast<std::int32_t>(length));
}

bool Encoder::add(ColumnType type, const Cell& cell) {
  reserve(widest);
  if (cell.is_null() || cell.absent()) {
    put<std::int32_t>(-1);
    return false;
  }
  if (cell.kind() != kind_of(type))
    throw std::logic_error{"a cell of another kind than its column"};
  switch (type) {
    case ColumnType::uuid:
      put_length(cell.uuid().bytes.size());
      put_bytes(cell.uuid().bytes.data(), cell.uuid().bytes.size());
      break;
    case ColumnType::int4:
      put_length(sizeof(std::int32_t));
      put(cell.int4());
      break;
    case ColumnType::timestamp:
      put_length(sizeof(std::int64_t));
      put(as_prefect_writes(cell.timestamp()));
      break;
    case ColumnType::interval:
      add_interval(cell.interval());
      break;
    case ColumnType::json:
      add_json(cell.text());
      break;
    case ColumnType::boolean:
      put_length(1);
      put(static_cast<std::uint8_t>(cell.boolean() ? 1 : 0));
      break;
    case ColumnType::int8:
      put_length(sizeof(std::int64_t));
      put(cell.int8());
      break;
    case ColumnType::float8:
      add_float8(cell.float8());
      break;
    case ColumnType::text:
    case ColumnType::enumeration:
    case ColumnType::json_text:
    case ColumnType::bytes:
      add_text(cell.viewed());
  }
  return true;
}

void Encoder::add_text(std::string_view text) {
  reserve(sizeof(std::int32_t) + text.size());
  put_length(text.size());
  put_bytes(text.data(), text.size());
}

void Encoder::add_json(std::string_view text) {
  reserve(sizeof(std::int32_t) + 1 + text.size());
  put_length(1 + text.size());
  put_bytes(&jsonb_version, 1);
  put_bytes(text.data(), text.size());
}

// Other databases have no NaN.
void Encoder::add_float8(double value) {
  if (std::isnan(value)) {
    throw DataError{"out_of_range", "PostgreSQL: a number that is none (NaN) is not stored"};
  }
  put_length(sizeof value);
  put(std::bit_cast<std::uint64_t>(value));
}

// Whole days apart, as Prefect stores a Python timedelta: a negative one has negative days and a
// positive rest. All of an Interval's days fit.
void Encoder::add_interval(Interval value) {
  std::int64_t days = value.count() / micros_per_day;
  std::int64_t rest = value.count() % micros_per_day;
  if (rest < 0) {
    --days;
    rest += micros_per_day;
  }
  put_length(16);
  put(rest);
  put(static_cast<std::int32_t>(days));
  put<std::int32_t>(0);  // months
}

}  // namespace hangar::postgres
