#include "found_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cell_binding.hpp"

namespace hangar::sqlite {
namespace {

bool before(std::span<const Cell> one, std::span<const Cell> other) {
  return std::ranges::lexicographical_compare(
      one, other, [](const Cell& left, const Cell& right) { return compare(left, right) < 0; });
}

}  // namespace

std::vector<std::size_t> ordered_first(std::vector<std::size_t> order,
                                       std::span<const std::size_t> columns) {
  for (const std::size_t column : columns) {
    if (std::ranges::find(order, column) == order.end()) order.push_back(column);
  }
  return order;
}

FoundRows::FoundRows(const Table& table, std::size_t key_width, std::vector<std::size_t> columns)
    : result_{table}, key_width_{key_width}, columns_{std::move(columns)} {}

void FoundRows::take(Statement& statement) {
  while (statement.step()) {
    int number = 0;
    for (const std::size_t column : columns_) {
      cells_.push_back(read_cell(statement, number++, result_.table().columns[column], result_));
    }
    // SQLite allows a primary key of NULL; such a row has no place in the order.
    if (std::ranges::any_of(key(count() - 1), &Cell::is_null)) {
      cells_.resize(cells_.size() - columns_.size());
    }
  }
}

Rows FoundRows::in_order(bool descending, std::size_t limit) && {
  std::vector<std::size_t> order(count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key_of = [&](std::size_t row) { return key(row); };
  std::ranges::sort(order, before, key_of);
  // Not std::ranges::unique: clang 14 cannot read libstdc++'s subrange.
  order.erase(std::unique(order.begin(), order.end(),
                          [&](std::size_t one, std::size_t other) {
                            return std::ranges::equal(key_of(one), key_of(other));
                          }),
              order.end());
  if (descending) std::ranges::reverse(order);
  order.resize(std::min(order.size(), limit));
  for (const std::size_t row : order) {
    const std::span<Cell> cells = result_.add();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells[columns_[i]] = cells_[row * columns_.size() + i];
    }
  }
  return std::move(result_);
}

}  // namespace hangar::sqlite
