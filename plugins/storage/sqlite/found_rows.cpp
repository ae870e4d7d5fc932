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

FoundRows::FoundRows(const Table& table, const Order& order, std::vector<std::size_t> columns)
    : order_{order}, columns_{std::move(columns)}, result_{table} {}

void FoundRows::take(Statement& statement) {
  constexpr std::size_t least = 100;  // Fewer are not worth the sorting.
  while (statement.step()) {
    int number = 0;
    for (const std::size_t column : columns_) {
      cells_.push_back(read_cell(statement, number++, result_.table().columns[column], result_));
    }
    // SQLite allows a primary key of NULL; such a row has no place in the order.
    if (std::ranges::any_of(key(count() - 1), &Cell::is_null)) {
      cells_.resize(cells_.size() - columns_.size());
    }
    if (count() / 2 >= std::max(least, order_.limit)) forget_others();
  }
}

std::vector<std::size_t> FoundRows::first() const {
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
  if (order_.descending) std::ranges::reverse(order);
  order.resize(std::min(order.size(), order_.limit));
  return order;
}

void FoundRows::forget_others() {
  Rows texts{result_.table()};
  std::vector<Cell> cells;
  for (const std::size_t row : first()) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells.push_back(texts.keep(cells_[row * columns_.size() + i]));
    }
  }
  result_ = std::move(texts);
  cells_ = std::move(cells);
}

Rows FoundRows::in_order() && {
  for (const std::size_t row : first()) {
    const std::span<Cell> cells = result_.add();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells[columns_[i]] = cells_[row * columns_.size() + i];
    }
  }
  return std::move(result_);
}

}  // namespace hangar::sqlite
