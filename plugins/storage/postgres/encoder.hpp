#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// PostgreSQL counts from 2000-01-01.
inline constexpr std::int64_t epoch_shift = 946'684'800'000'000;
inline constexpr std::int64_t micros_per_day = 86'400'000'000;

/// Values in PostgreSQL's binary format, one after the other in one buffer that is used again.
/// Memory grows to the largest content and stays.
class Encoder {
 public:
  /// Forgets the content, keeps the memory.
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Valid until the next change.
  [[nodiscard]] char* data() noexcept { return bytes_.get(); }

  /// Makes room for what `put` and `put_bytes` add.
  void reserve(std::size_t more);
  template <class T>
  void put(T value) noexcept {
    if constexpr (std::endian::native == std::endian::little && sizeof(T) == 2) {
      value = static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    } else if constexpr (std::endian::native == std::endian::little && sizeof(T) == 4) {
      value = static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    } else if constexpr (std::endian::native == std::endian::little && sizeof(T) == 8) {
      value = static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    }
    std::memcpy(&bytes_[size_], &value, sizeof value);
    size_ += sizeof value;
  }
  void put_bytes(const void* from, std::size_t length) noexcept {
    if (length != 0) std::memcpy(&bytes_[size_], from, length);
    size_ += length;
  }
  /// Throws DataError for what has no length in PostgreSQL.
  void put_length(std::size_t length);

  /// Appends the length of a value and the value; returns false for a null, which a null and an
  /// absent cell are. Enumeration labels are text. Throws std::logic_error for a cell of another
  /// kind than the column.
  bool add(ColumnType type, const Cell& cell);

 private:
  void add_text(std::string_view text);
  void add_json(std::string_view text);
  void add_float8(double value);
  void add_interval(Interval value);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hangar::postgres
