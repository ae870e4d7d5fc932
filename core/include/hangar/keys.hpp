#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "hangar/table.hpp"
#include "hangar/version.hpp"

/// Which rows of a table a session is asked for.
namespace hangar {

/// A unique key of a table, its columns in their order, and the values to look for: `values` holds
/// `columns.size()` cells a key. A null is equal to nothing.
struct Keys {
  std::vector<std::size_t> columns;
  std::vector<Cell> values;
};

/// Rows that lie together in an index: first the columns of `one_of`, then `column`. A database
/// that has no such index reads more of the table than it returns.
struct Range {
  struct OneOf {
    std::size_t column = 0;
    std::vector<Cell> values{};  ///< One of several; a null is equal to nothing.
  };
  std::vector<OneOf> one_of{};
  /// The rows come in the order of this column and, where it is equal, of the primary key; text in
  /// the database's own order. A row that has no value there is in no range. Not of a type that
  /// holds JSON or an enumeration.
  std::size_t column = 0;
  std::optional<Cell> from{};    ///< The least value of the column.
  std::optional<Cell> before{};  ///< What all its values are less than.
  bool descending = false;
  /// A row as `Session::scan` gave it: only rows that come behind it are in the range.
  std::vector<Cell> after{};
};

// What a session is called with. Each throws std::logic_error, which names the table and the fault,
// before anything is asked of the database.

/// Whether each of the keys is the primary key of the table, or a unique one, and every value null
/// or of its column's type.
HANGAR_API void check_keys(const Table& table, std::span<const Keys> keys);

/// Whether the table has these columns.
HANGAR_API void check_columns(const Table& table, std::span<const std::size_t> columns);

/// The columns that tell the order of the rows: the range's and those of the primary key. Refuses a
/// range that the table cannot have.
HANGAR_API std::vector<std::size_t> order_of(const Table& table, const Range& range);

/// Whether each row has numbers, of the column's type, in all of these columns of type int4 or
/// int8, none of them of the primary key. See `Session::add`.
HANGAR_API void check_sums(const Rows& rows, std::span<const std::size_t> columns);

}  // namespace hangar
