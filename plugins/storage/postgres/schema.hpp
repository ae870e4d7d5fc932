#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::postgres {

/// A table as PostgreSQL's catalog has it.
struct StoredTable {
  struct Column {
    std::string type;  ///< pg_type's name: `int4`, `varchar`, ...
    bool not_null = false;
    bool has_default = false;  ///< Has a default, is an identity or generated.
    bool generated = false;    ///< Takes no value but its own.
  };
  std::map<std::string, Column> columns;
  /// The columns of each unique index that covers every row; their order does not matter.
  std::set<std::set<std::string>> unique_keys;
  std::set<std::string> enumeration_values;  ///< Of the type that the declaration names.
  /// Columns and the tables that they refer to, where that is checked at once.
  std::set<std::pair<std::string, std::string>> foreign_keys;
};

/// Throws ConfigError, with table, column and remedy, when the stored table cannot take everything
/// that its declaration allows to write. What else it has does not matter. `tables` are all of the
/// service.
void check(const Table& table, const StoredTable& stored, std::span<const Table* const> tables);

/// What a user reads when tables are not there and must not be created.
[[nodiscard]] std::string absent_tables_message(const std::vector<std::string>& names);

}  // namespace hangar::postgres
