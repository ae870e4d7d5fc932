#pragma once

#include <span>
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

}  // namespace hangar::sqlite
