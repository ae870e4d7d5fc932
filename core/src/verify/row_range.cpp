#include "verify/row_range.hpp"

#include <algorithm>

namespace hangar {

bool RowRange::holds(std::span<const Cell> row) const {
  const Cell& cell = row[range_.column];
  if (cell.absent() || cell.is_null()) return false;
  if (range_.from && compare(cell, *range_.from) < 0) return false;
  if (range_.before && compare(cell, *range_.before) >= 0) return false;
  if (!range_.after.empty() && !before(range_.after, row)) return false;
  return std::ranges::all_of(range_.one_of, [&](const Range::OneOf& part) {
    return !row[part.column].is_null() &&
           std::ranges::find(part.values, row[part.column]) != part.values.end();
  });
}

bool RowRange::before(std::span<const Cell> one, std::span<const Cell> other) const {
  for (const std::size_t column : order_) {
    const auto way = compare(one[column], other[column]);
    if (way != 0) return range_.descending ? way > 0 : way < 0;
  }
  return false;
}

}  // namespace hangar
