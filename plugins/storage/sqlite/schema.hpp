#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "hangar/storage.hpp"

namespace hangar::sqlite {

/// Checks that the file's tables can take what the declarations say, and returns the tables that
/// are not there: every declared column with its affinity, the primary key, the unique keys, NULL
/// where it is declared, no other column that must have a value, and no foreign key among them that
/// is not declared. Throws ConfigError, which names the table, the column and the remedy. Changes
/// nothing.
std::vector<const Table*> check_tables(Connection& connection,
                                       std::span<const Table* const> tables);

/// The same for one of the tables; whether it is there.
bool check_table(Connection& connection, const Table& table, std::span<const Table* const> tables);

/// A column of a table and the column of another that its value must be in.
struct Reference {
  std::string column;
  std::string target;
  std::string target_column;
};

/// The foreign keys of the file's table.
std::vector<Reference> references(Connection& connection, std::string_view table);

/// The declared indexes like which the file's table has none, but for unique ones and those that
/// SQLite has not.
std::vector<const Index*> missing_indexes(Connection& connection, const Table& table);

}  // namespace hangar::sqlite
