#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

/// The SQL of this storage. Every statement is made of a table's declaration alone: data goes into
/// parameters only, and the text does not depend on which cells a row has.
namespace hangar::postgres {

/// Not called `quoted`: with a std::string argument that name means std::quoted too.
[[nodiscard]] std::string quoted_identifier(std::string_view identifier);
[[nodiscard]] std::string literal(std::string_view text);

/// How PostgreSQL calls a type of column.
[[nodiscard]] std::string type_name(const Table& table, ColumnType type);
[[nodiscard]] std::string column_list(const Table& table, std::span<const std::size_t> columns);

/// Parameters: one array for each column of each key. Columns of the result: the primary
/// key's, then `columns`. Rows come, and are locked, in order of the primary key.
[[nodiscard]] std::string find_statement(const Table& table, std::span<const Keys> keys,
                                         std::span<const std::size_t> columns, Lock lock);

/// Parameters: one array for each column. Returns the primary keys that went in, in order.
[[nodiscard]] std::string insert_statement(const Table& table);

/// The columns of a scan's result: those that tell the order, then the rest of `columns`.
[[nodiscard]] std::vector<std::size_t> scan_columns(const Table& table, const Range& range,
                                                    std::span<const std::size_t> columns);
/// Parameters: an array for each of `one_of`, and arrays of one element: `from` and `before`, if
/// there, the columns that tell the order, if there is an `after`, and the limit as a bigint.
[[nodiscard]] std::string scan_statement(const Table& table, const Range& range,
                                         std::span<const std::size_t> columns);

/// Parameters: as those of `find_statement`.
[[nodiscard]] std::string erase_statement(const Table& table, std::span<const Keys> keys);

/// Parameters: as those of `scan_statement`. Deletes the rows that a scan would give, those of them
/// that are still in the range when they are locked.
[[nodiscard]] std::string erase_statement(const Table& table, const Range& range);

/// Parameters: as those of `insert_statement`. Adds `columns` to the row that is there.
[[nodiscard]] std::string add_statement(const Table& table, std::span<const std::size_t> columns);

/// Starts a COPY of rows in binary form, every column, behind a savepoint that `undo_copy` goes
/// back to. Two statements, so it is not for parameters.
[[nodiscard]] std::string copy_statement(const Table& table);
inline constexpr const char* undo_copy = "ROLLBACK TO SAVEPOINT copying";

/// The columns that an update writes: those that are in no unique key, or all but the primary key.
/// Naming one column of a unique key makes PostgreSQL take the lock that waits for everybody who
/// merely refers to the row, so only rows that change such a column go through the second form.
enum class UpdateForm { leaves_keys, writes_keys };
[[nodiscard]] std::vector<std::size_t> update_columns(const Table& table, UpdateForm form);

/// Parameters: the columns of the primary key, a bigint for each row whose bit i says that column i
/// is written, and one array for each of `update_columns`.
[[nodiscard]] std::string update_statement(const Table& table, UpdateForm form);

// What creates a table. Foreign keys come when all tables are there; the enumeration type may be
// there already, and trigram indexes may be refused.
[[nodiscard]] std::string create_enumeration(const Table& table);
[[nodiscard]] std::vector<std::string> create_statements(const Table& table);
[[nodiscard]] std::vector<std::string> create_foreign_keys(const Table& table);
[[nodiscard]] std::vector<std::string> create_trigram_indexes(const Table& table);

}  // namespace hangar::postgres
