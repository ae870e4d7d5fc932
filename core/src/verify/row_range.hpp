#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hangar/keys.hpp"

namespace hangar {

/// What a `Range` means for rows in memory. The table and the range outlive it.
class RowRange {
 public:
  /// Throws std::logic_error for a range that the table cannot have.
  RowRange(const Table& table, const Range& range)
      : range_{range}, order_{order_of(table, range)} {}

  /// The columns that tell the order.
  [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }
  [[nodiscard]] bool holds(std::span<const Cell> row) const;
  /// Whether `one` comes before `other` in the order of the range.
  [[nodiscard]] bool before(std::span<const Cell> one, std::span<const Cell> other) const;

 private:
  const Range& range_;
  std::vector<std::size_t> order_;
};

}  // namespace hangar
