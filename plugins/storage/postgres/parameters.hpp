#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// The cell that is written where a row says nothing: the column's declared default, `now` for the
/// default of that name, null where there is none. Throws ConfigError for a default that it cannot
/// read.
[[nodiscard]] Cell default_cell(const Column& column, Timestamp now);

/// The parameters of one statement: arrays in PostgreSQL's binary format, one after the other in
/// one buffer that is used again. Memory grows to the largest statement and stays.
class Parameters {
 public:
  /// Forgets the arrays, keeps the memory.
  void clear() noexcept;

  /// Appends an array of `count` elements, a null where the cell is null or absent; `cell(i)` is
  /// called once for each, in order. Enumeration labels are sent as text. Throws std::logic_error
  /// for a cell of another kind than the column.
  template <class CellAt>
  void add_column(ColumnType type, std::size_t count, CellAt&& cell) {
    begin_array(type, count);
    for (std::size_t i = 0; i < count; ++i) add_element(type, cell(i));
    end_array();
  }

  /// Appends an array of bigint.
  void add_masks(std::span<const std::uint64_t> masks);

  /// Bytes of all arrays.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // What PQsendQueryParams takes; valid until the next change.
  [[nodiscard]] int count() const noexcept { return static_cast<int>(starts_.size()); }
  [[nodiscard]] const char* const* values();
  [[nodiscard]] const int* lengths();
  [[nodiscard]] const int* formats();

 private:
  void begin_array(ColumnType type, std::size_t count);
  void begin_array(std::uint32_t element_oid, std::size_t count);
  void end_array() noexcept;
  void add_element(ColumnType type, const Cell& cell);
  void add_text(std::string_view text);
  void add_json(std::string_view text);
  void add_interval(Interval value);
  void reserve(std::size_t more);

  template <class T>
  void put(T value) noexcept {
    if constexpr (std::endian::native == std::endian::little && sizeof(T) == 4) {
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
  void put_length(std::size_t length);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool has_null_ = false;
  std::vector<std::size_t> starts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

/// The cell in PostgreSQL's binary format. The cell's text points into `bytes`. Times and
/// intervals beyond the range of their types, infinity too, become its ends.
[[nodiscard]] Cell cell_from_binary(ColumnType type, std::string_view bytes);

}  // namespace hangar::postgres
