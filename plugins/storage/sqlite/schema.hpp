#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "hangar/storage.hpp"

namespace hangar::sqlite {

/// Checks that the file's tables can take what the declarations say, and returns the tables that
/// are not there: every declared column with its affinity, the primary key, the unique keys, NULL
/// where it is declared, and no other column that must have a value. Throws ConfigError, which
/// names the table, the column and the remedy. Changes nothing.
std::vector<const Table*> check_tables(Connection& connection,
                                       std::span<const Table* const> tables);

/// The names of the declared indexes, unique and trigram ones left out, like which the file's table
/// has none.
std::vector<std::string_view> missing_indexes(Connection& connection, const Table& table);

}  // namespace hangar::sqlite
