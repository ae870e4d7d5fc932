#include "schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

constexpr std::string_view remedy =
    "; migrate the schema: for Prefect's tables `prefect server database upgrade -y`, with the "
    "Prefect version that the events come from";

bool holds(const std::string& stored, const Table& table, ColumnType type) {
  switch (type) {
    case ColumnType::uuid:
      return stored == "uuid";
    case ColumnType::text:
      return stored == "text" || stored == "varchar";
    case ColumnType::int4:
      return stored == "int4";
    case ColumnType::timestamp:
      return stored == "timestamptz";
    case ColumnType::interval:
      return stored == "interval";
    case ColumnType::json:
      return stored == "jsonb";
    case ColumnType::boolean:
      return stored == "bool";
    case ColumnType::int8:
      return stored == "int8";
    case ColumnType::float8:
      return stored == "float8";
    case ColumnType::bytes:
      return stored == "bytea";
    case ColumnType::json_text:
      return stored == "json";
    case ColumnType::enumeration:
      break;
  }
  return stored == table.enumeration_name;
}

std::string_view type_word(const Table& table, ColumnType type) {
  switch (type) {
    case ColumnType::uuid:
      return "uuid";
    case ColumnType::text:
      return "text";
    case ColumnType::int4:
      return "integer";
    case ColumnType::timestamp:
      return "timestamp with time zone";
    case ColumnType::interval:
      return "interval";
    case ColumnType::json:
      return "jsonb";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::int8:
      return "bigint";
    case ColumnType::float8:
      return "double precision";
    case ColumnType::bytes:
      return "bytea";
    case ColumnType::json_text:
      return "json";
    case ColumnType::enumeration:
      break;
  }
  return table.enumeration_name;
}

void check_columns(const Table& table, const StoredTable& stored) {
  for (const Column& column : table.columns) {
    const auto found = stored.columns.find(std::string{column.name});
    if (found == stored.columns.end()) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {} has no column {}{}", table.name, column.name, remedy)};
    }
    if (!holds(found->second.type, table, column.type)) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {}, column {}: its type is {}, {} is needed{}", table.name,
                      column.name, found->second.type, type_word(table, column.type), remedy)};
    }
    if (found->second.generated) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {0}, column {1}: it is generated, but values must be "
                      "written: ALTER TABLE {0} ALTER COLUMN {1} DROP EXPRESSION (or IDENTITY)",
                      table.name, column.name)};
    }
    if (column.nullable && found->second.not_null) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {}, column {}: NOT NULL, but nulls must be "
                      "written{}",
                      table.name, column.name, remedy)};
    }
  }
  for (const auto& [name, column] : stored.columns) {
    const bool declared =
        std::ranges::find(table.columns, name, &Column::name) != table.columns.end();
    if (!declared && column.not_null && !column.has_default) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {}, column {}: NOT NULL without a default, and "
                      "this version of Hangar does not know it; give it a default or "
                      "use a newer Hangar",
                      table.name, name)};
    }
  }
}

void check_unique_key(const Table& table, const StoredTable& stored,
                      const std::set<std::string>& columns) {
  if (stored.unique_keys.contains(columns)) return;
  throw ConfigError{fmt::format("PostgreSQL: table {} has no valid unique index on ({}){}",
                                table.name, fmt::join(columns, ", "), remedy)};
}

}  // namespace

void check(const Table& table, const StoredTable& stored, std::span<const Table* const> tables) {
  for (const auto& [column, target] : stored.foreign_keys) {
    if (const auto fault = undeclared_reference(table, column, target, tables)) {
      throw ConfigError{
          fmt::format("PostgreSQL: table {}, column {}: {}", table.name, column, *fault)};
    }
  }
  check_columns(table, stored);
  std::set<std::string> primary_key;
  for (const std::size_t part : table.primary_key) primary_key.emplace(table.columns[part].name);
  check_unique_key(table, stored, primary_key);
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    std::set<std::string> columns;
    for (const Index::Part& part : index.parts) {
      columns.emplace(table.columns[part.column].name);
    }
    check_unique_key(table, stored, columns);
  }
  for (const std::string_view value : table.enumeration_values) {
    if (stored.enumeration_values.contains(std::string{value})) continue;
    throw ConfigError{fmt::format("PostgreSQL: table {}: the type {} has no value {}{}", table.name,
                                  table.enumeration_name, value, remedy)};
  }
}

std::string absent_tables_message(const std::vector<std::string>& names) {
  return fmt::format(
      "PostgreSQL: the database has no table {}; create {} first: for Prefect's tables `prefect "
      "server database upgrade -y`, or set storage.create_tables: true",
      fmt::join(names, ", "), names.size() == 1 ? "it" : "them");
}

}  // namespace hangar::postgres
