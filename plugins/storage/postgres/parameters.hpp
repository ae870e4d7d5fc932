#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "encoder.hpp"
#include "hangar/storage.hpp"

namespace hangar::postgres {

/// The parameters of one statement: arrays in PostgreSQL's binary format.
class Parameters {
 public:
  /// Forgets the arrays, keeps the memory.
  void clear() noexcept;

  /// Appends an array of `count` elements as `Encoder::add` makes them; `cell(i)` is called once
  /// for each, in order. A DataError names the one that has no form as its row.
  template <class CellAt>
  void add_column(ColumnType type, std::size_t count, CellAt&& cell) {
    begin_array(type, count);
    bool has_null = false;
    std::size_t i = 0;
    try {
      for (; i < count; ++i) has_null = !encoder_.add(type, cell(i)) || has_null;
    } catch (DataError& error) {
      error.at_row(i);
      throw;
    }
    if (has_null) tell_nulls();
  }

  /// Appends an array of bigint.
  void add_masks(std::span<const std::uint64_t> masks);

  /// Bytes of all arrays.
  [[nodiscard]] std::size_t size() const noexcept { return encoder_.size(); }

  // What PQsendQueryParams takes; valid until the next change.
  [[nodiscard]] int count() const noexcept { return static_cast<int>(starts_.size()); }
  [[nodiscard]] const char* const* values();
  [[nodiscard]] const int* lengths();
  [[nodiscard]] const int* formats();

 private:
  void begin_array(ColumnType type, std::size_t count);
  void begin_array(std::uint32_t element_oid, std::size_t count);
  void tell_nulls() noexcept;

  Encoder encoder_;
  std::vector<std::size_t> starts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

/// The cell in PostgreSQL's binary format. What the cell views points into `bytes`. Times and
/// intervals beyond the range of their types, infinity too, become its ends.
[[nodiscard]] Cell cell_from_binary(ColumnType type, std::string_view bytes);

}  // namespace hangar::postgres
