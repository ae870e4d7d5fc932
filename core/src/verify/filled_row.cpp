#include "verify/filled_row.hpp"

#include <cstdint>
#include <string>

#include "hangar/error.hpp"

namespace hangar {

std::vector<Cell> declared_defaults(const Table& table) {
  std::vector<Cell> cells = default_cells(table);
  for (Cell& cell : cells) {
    const bool is_now = cell.kind() == Cell::Kind::timestamp;
    cell = cell.on(is_now ? Cell::Basis::generated : Cell::Basis::inferred);
  }
  return cells;
}

std::vector<Cell> with_defaults(std::span<const Cell> row, std::span<const Cell> defaults) {
  std::vector<Cell> cells{row.begin(), row.end()};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].absent()) cells[i] = defaults[i];
  }
  return cells;
}

Cell sum(const Column& column, const Cell& stored, const Cell& added) {
  if (stored.is_null() || stored.absent()) return added;
  std::int64_t large = 0;
  std::int32_t small = 0;
  if (added.kind() == Cell::Kind::int8) {
    if (!__builtin_add_overflow(stored.int8(), added.int8(), &large)) return large;
  } else if (!__builtin_add_overflow(stored.int4(), added.int4(), &small)) {
    return small;
  }
  throw DataError{"out_of_range", std::string{column.name} + ": the sum is too large"};
}

}  // namespace hangar
