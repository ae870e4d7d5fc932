#include "schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "dialect.hpp"
#include "hangar/error.hpp"

namespace hangar::sqlite {
namespace {

struct StoredColumn {
  std::string name;
  std::string type;
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
  std::int64_t primary_key = 0;
};

using Names = std::set<std::string, std::less<>>;

std::vector<StoredColumn> stored_columns(Connection& connection, std::string_view table) {
  Statement statement{connection.handle(),
                      "SELECT name, type, \"notnull\", dflt_value, pk, hidden "
                      "FROM pragma_table_xinfo(?)"};
  statement.bind_text(1, table);
  std::vector<StoredColumn> result;
  while (statement.step()) {
    result.push_back({.name = std::string{statement.text(0)},
                      .type = std::string{statement.text(1)},
                      .not_null = statement.integer(2) != 0,
                      .has_default = !statement.is_null(3),
                      .generated = statement.integer(5) != 0,
                      .primary_key = statement.integer(4)});
  }
  return result;
}

// The columns of each unique key that holds for all rows.
std::vector<Names> stored_unique_keys(Connection& connection, std::string_view table) {
  Statement statement{connection.handle(),
                      "SELECT list.seq, info.name FROM pragma_index_list(?) AS list, "
                      "pragma_index_info(list.name) AS info "
                      "WHERE list.\"unique\" AND NOT list.partial ORDER BY list.seq"};
  statement.bind_text(1, table);
  std::vector<Names> result;
  std::int64_t last = -1;
  while (statement.step()) {
    if (statement.integer(0) != last) result.emplace_back();
    last = statement.integer(0);
    result.back().emplace(statement.text(1));
  }
  return result;
}

[[noreturn]] void refuse_column(const Table& table, std::string_view column,
                                std::string_view fault) {
  throw ConfigError{fmt::format(
      "SQLite: table {}, column {}: {}. Existing tables are never altered: bring the file to the "
      "version that this service needs (for Prefect's tables: `prefect server database upgrade "
      "-y`), or name another file in storage.url",
      table.name, column, fault)};
}

void check_column(const Table& table, const Column& declared, const StoredColumn* stored) {
  if (stored == nullptr) refuse_column(table, declared.name, "it is missing");
  const std::string_view needed = type_name(declared.type);
  if (affinity(stored->type) != affinity(needed)) {
    refuse_column(table, declared.name,
                  fmt::format("its type is {}, not {}",
                              stored->type.empty() ? "missing" : stored->type, needed));
  }
  if (stored->generated) refuse_column(table, declared.name, "it is generated and takes no value");
  if (stored->not_null && declared.nullable) {
    refuse_column(table, declared.name, "it is NOT NULL, but must be able to hold NULL");
  }
}

void check_foreign_keys(Connection& connection, const Table& table,
                        std::span<const Table* const> tables) {
  for (const Reference& key : references(connection, table.name)) {
    if (const auto fault = undeclared_reference(table, key.column, key.target, tables)) {
      throw ConfigError{
          fmt::format("SQLite: table {}, column {}: {}", table.name, key.column, *fault)};
    }
  }
}

void check_columns_and_keys(Connection& connection, const Table& table,
                            const std::vector<StoredColumn>& stored) {
  for (const Column& declared : table.columns) {
    const auto found = std::ranges::find(stored, declared.name, &StoredColumn::name);
    check_column(table, declared, found == stored.end() ? nullptr : &*found);
  }
  for (const StoredColumn& column : stored) {
    const bool declared = std::ranges::count(table.columns, column.name, &Column::name) != 0;
    const bool is_key = std::ranges::any_of(table.primary_key, [&](std::size_t part) {
      return column.name == table.columns[part].name;
    });
    if ((column.primary_key != 0) != is_key) {
      refuse_column(table, column.name,
                    is_key ? "it is not the primary key" : "it is part of the primary key");
    }
    if (!declared && column.not_null && !column.has_default && !column.generated) {
      refuse_column(table, column.name,
                    "it is NOT NULL without a default, and this service does not "
                    "know it");
    }
  }
  const std::vector<Names> unique_keys = stored_unique_keys(connection, table.name);
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    Names names;
    for (const Index::Part& part : index.parts) {
      names.emplace(table.columns[part.column].name);
    }
    if (std::ranges::count(unique_keys, names) == 0) {
      refuse_column(table, fmt::format("{}", fmt::join(names, ", ")), "the unique key is missing");
    }
  }
}

}  // namespace

std::vector<const Index*> missing_indexes(Connection& connection, const Table& table) {
  Statement statement{connection.handle(),
                      "SELECT list.seq, info.name FROM pragma_index_list(?) AS list, "
                      "pragma_index_info(list.name) AS info ORDER BY list.seq, info.seqno"};
  statement.bind_text(1, table.name);
  std::map<std::int64_t, std::vector<std::string>> stored;
  while (statement.step()) stored[statement.integer(0)].emplace_back(statement.text(1));
  std::vector<const Index*> missing;
  for (const Index& index : table.indexes) {
    if (index.unique || index.trigram || index.gin || !index.is_of("sqlite")) continue;
    std::vector<std::string> columns;
    for (const Index::Part& part : index.parts) {
      columns.emplace_back(table.columns[part.column].name);
    }
    const bool found =
        std::ranges::any_of(stored, [&](const auto& each) { return each.second == columns; });
    if (!found) missing.push_back(&index);
  }
  return missing;
}

std::vector<const Table*> check_tables(Connection& connection,
                                       std::span<const Table* const> tables) {
  std::vector<const Table*> absent;
  for (const Table* table : tables) {
    if (!check_table(connection, *table, tables)) absent.push_back(table);
  }
  return absent;
}

bool check_table(Connection& connection, const Table& table, std::span<const Table* const> tables) {
  const std::vector<StoredColumn> stored = stored_columns(connection, table.name);
  if (stored.empty()) return false;
  check_foreign_keys(connection, table, tables);
  check_columns_and_keys(connection, table, stored);
  return true;
}

std::vector<Reference> references(Connection& connection, std::string_view table) {
  Statement statement{connection.handle(),
                      "SELECT \"from\", \"table\", coalesce(\"to\", 'id') "
                      "FROM pragma_foreign_key_list(?)"};
  statement.bind_text(1, table);
  std::vector<Reference> result;
  while (statement.step()) {
    result.push_back({.column = std::string{statement.text(0)},
                      .target = std::string{statement.text(1)},
                      .target_column = std::string{statement.text(2)}});
  }
  return result;
}

}  // namespace hangar::sqlite
