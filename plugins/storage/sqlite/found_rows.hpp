#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hangar/storage.hpp"
#include "statement.hpp"

namespace hangar::sqlite {

/// `order`, then the rest of `columns`.
std::vector<std::size_t> ordered_first(std::vector<std::size_t> order,
                                       std::span<const std::size_t> columns);

/// Rows as statements give them, perhaps one of them several times. Their first cells, the key,
/// tell which row it is and the order.
class FoundRows {
 public:
  /// `columns` are those of the statements' results, the ones of the key first.
  FoundRows(const Table& table, std::size_t key_width, std::vector<std::size_t> columns);

  [[nodiscard]] std::span<const std::size_t> columns() const noexcept { return columns_; }

  /// Takes all rows that the statement gives.
  void take(Statement& statement);

  /// The first `limit` of the rows, each once, in the order of their keys.
  Rows in_order(bool descending, std::size_t limit) &&;

 private:
  [[nodiscard]] std::size_t count() const noexcept { return cells_.size() / columns_.size(); }
  [[nodiscard]] std::span<const Cell> key(std::size_t row) const {
    return std::span{cells_}.subspan(row * columns_.size(), key_width_);
  }

  Rows result_;
  std::size_t key_width_;
  std::vector<std::size_t> columns_;
  std::vector<Cell> cells_;
};

}  // namespace hangar::sqlite
