#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "hangar/storage.hpp"
#include "statement.hpp"

namespace hangar::sqlite {

/// `order`, then the rest of `columns`.
std::vector<std::size_t> ordered_first(std::vector<std::size_t> order,
                                       std::span<const std::size_t> columns);

/// The first rows of what statements give, where one row may come several times. Their first cells,
/// the key, tell which row it is and the order. No more are held than about twice as many as are
/// asked for.
class FoundRows {
 public:
  struct Order {
    std::size_t key_width = 0;
    bool descending = false;
    std::size_t limit = std::numeric_limits<std::size_t>::max();
  };
  /// `columns` are those of the statements' results, the ones of the key first.
  FoundRows(const Table& table, const Order& order, std::vector<std::size_t> columns);

  [[nodiscard]] std::span<const std::size_t> columns() const noexcept { return columns_; }

  /// How many are held.
  [[nodiscard]] std::size_t count() const noexcept { return cells_.size() / columns_.size(); }

  /// Takes all rows that the statement gives.
  void take(Statement& statement);

  /// The first of the rows, each once, in the order of their keys.
  Rows in_order() &&;

 private:
  [[nodiscard]] std::span<const Cell> key(std::size_t row) const {
    return std::span{cells_}.subspan(row * columns_.size(), order_.key_width);
  }
  /// The places of the first rows, each once, in order.
  [[nodiscard]] std::vector<std::size_t> first() const;
  void forget_others();

  Order order_;
  std::vector<std::size_t> columns_;
  Rows result_;
  std::vector<Cell> cells_;
};

}  // namespace hangar::sqlite
