#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

/// Tables as data rendered in SQLite's SQL. Names are quoted; values are parameters, never text.
namespace hangar::sqlite {

/// The type that Prefect's migrations give a column of this type.
std::string_view type_name(ColumnType type) noexcept;

/// The five rules of https://sqlite.org/datatype3.html#determination_of_column_affinity.
std::string_view affinity(std::string_view declared_type);

/// Not called `quoted`: with a std::string argument that name means std::quoted too.
std::string quoted_identifier(std::string_view name);

/// CREATE TABLE and its CREATE INDEX statements, in order; there are neither trigram nor gin
/// indexes.
std::vector<std::string> create_statements(const Table& table);

/// Parameters: `key_columns` in order. Result columns: `columns`.
std::string select_statement(const Table& table, std::span<const std::size_t> key_columns,
                             std::span<const std::size_t> columns);

/// One value for each of the columns of `one_of`: the parameters are these, `from` and `before`, if
/// there, the columns of `order`, if there is an `after`, and the limit. Result columns: `columns`.
std::string scan_statement(const Table& table, const Range& range,
                           std::span<const std::size_t> order,
                           std::span<const std::size_t> columns);

/// Parameters: `key_columns` in order.
std::string erase_statement(const Table& table, std::span<const std::size_t> key_columns);

/// Parameters: every column in order.
std::string insert_statement(const Table& table);

/// Parameters: every column in order. Adds to `columns` of the row that is there. Result columns:
/// `columns`, as they are now.
std::string add_statement(const Table& table, std::span<const std::size_t> columns);

/// Which rows of one update write a column.
enum class Written : unsigned char { never, sometimes, always };

/// Of each column; never those of the primary key.
std::vector<Written> written_columns(const Rows& rows);

/// Parameters: those of each written column in order, then the primary key. A column that all rows
/// write takes its value; one that some write takes a flag first, whether this row does.
std::string update_statement(const Table& table, std::span<const Written> columns);

}  // namespace hangar::sqlite
