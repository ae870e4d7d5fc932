#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hangar/table.hpp"

namespace hangar::testing {

/// A cell that owns its text.
class Value {
 public:
  explicit Value(const Cell& cell) : cell_{cell}, text_{cell.viewed()} {}
  [[nodiscard]] Cell cell() const noexcept {
    return cell_.is_view() ? cell_.moved_to(text_) : cell_;
  }

 private:
  Cell cell_;
  std::string text_;
};

using Values = std::vector<Value>;

struct ValuesLess {
  bool operator()(const Values& left, const Values& right) const noexcept;
};

/// A table as declared, with its rows: each as wide as the declaration, without absent cells.
class MemoryTable {
 public:
  using Stored = std::map<Values, Values, ValuesLess>;  ///< Rows by their primary keys.

  explicit MemoryTable(const Table& declared);

  [[nodiscard]] const Table& table() const noexcept { return declared_->table; }
  [[nodiscard]] const Stored& rows() const noexcept { return rows_; }
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const noexcept;

  [[nodiscard]] Values primary_key(const Values& row) const;
  /// The primary key of the row that has these values in these columns, which are a unique key.
  [[nodiscard]] std::optional<Values> holder(std::span<const std::size_t> columns,
                                             const Values& values) const;
  /// Whether a row of another primary key holds one of its unique keys.
  [[nodiscard]] bool conflicts(const Values& row) const;
  /// In the place of the one that has its primary key, if any.
  void put(Values row);
  void erase(const Values& primary);

 private:
  /// The declaration with texts of its own, which copies of the rows share.
  struct Declared {
    Table table;
    std::deque<std::string> words;
  };
  struct Unique {
    std::vector<std::size_t> columns;
    std::map<Values, Values, ValuesLess> holders{};  ///< The primary key of each.
  };

  std::shared_ptr<const Declared> declared_;
  Stored rows_;
  std::vector<Unique> uniques_;
};

/// The values in these columns.
Values values_of(const Values& row, std::span<const std::size_t> columns);
/// Whether one of them is null: such a key is equal to nothing.
bool has_null(const Values& values) noexcept;

/// Why rows of `declared` cannot go into what is stored; empty when they can.
std::string difference(const MemoryTable& stored, const Table& declared);

}  // namespace hangar::testing
