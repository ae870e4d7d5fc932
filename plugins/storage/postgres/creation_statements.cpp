#include <fmt/format.h>
#include <fmt/ranges.h>

#include "statements.hpp"

// What creates a table.
namespace hangar::postgres {
namespace {

std::string index_parts(const Table& table, const Index& index) {
  std::vector<std::string> parts;
  for (const Index::Part& part : index.parts) {
    parts.push_back(quoted_identifier(table.columns[part.column].name) +
                    (part.descending ? " DESC" : ""));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string column_definition(const Table& table, const Column& column) {
  std::string text =
      fmt::format("{} {}", quoted_identifier(column.name), type_name(table, column.type));
  if (!column.nullable) text += " NOT NULL";
  if (column.type == ColumnType::timestamp && column.default_value == "now") {
    text += " DEFAULT now()";
  } else if (!column.default_value.empty()) {
    text += fmt::format(" DEFAULT {}", literal(column.default_value));
  }
  return text;
}

}  // namespace

std::vector<std::string> create_statements(const Table& table) {
  std::vector<std::string> parts;
  for (const Column& column : table.columns) parts.push_back(column_definition(table, column));
  parts.push_back(fmt::format("CONSTRAINT {} PRIMARY KEY ({})",
                              quoted_identifier(fmt::format("pk_{}", table.name)),
                              column_list(table, table.primary_key)));
  std::vector<std::string> statements{
      fmt::format("CREATE TABLE {} ({})", quoted_identifier(table.name), fmt::join(parts, ", "))};
  for (const Index& index : table.indexes) {
    if (index.trigram || !index.is_of("postgres")) continue;
    statements.push_back(fmt::format("CREATE {}INDEX {} ON {} {}({})",
                                     index.unique ? "UNIQUE " : "", quoted_identifier(index.name),
                                     quoted_identifier(table.name), index.gin ? "USING gin " : "",
                                     index_parts(table, index)));
  }
  return statements;
}

std::vector<std::string> create_foreign_keys(const Table& table) {
  std::vector<std::string> statements;
  for (const ForeignKey& key : table.foreign_keys) {
    const std::string_view column = table.columns[key.column].name;
    statements.push_back(fmt::format(
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} (id) ON DELETE CASCADE",
        quoted_identifier(table.name),
        quoted_identifier(fmt::format("fk_{}__{}__{}", table.name, column, key.table)),
        quoted_identifier(column), quoted_identifier(key.table)));
  }
  return statements;
}

std::string create_enumeration(const Table& table) {
  std::vector<std::string> labels;
  for (const std::string_view value : table.enumeration_values) {
    labels.push_back(literal(value));
  }
  return fmt::format("CREATE TYPE {} AS ENUM ({})", quoted_identifier(table.enumeration_name),
                     fmt::join(labels, ", "));
}

std::vector<std::string> create_trigram_indexes(const Table& table) {
  std::vector<std::string> statements;
  for (const Index& index : table.indexes) {
    if (!index.trigram || !index.is_of("postgres")) continue;
    statements.push_back(
        fmt::format("CREATE INDEX {} ON {} USING gin ({} gin_trgm_ops)",
                    quoted_identifier(index.name), quoted_identifier(table.name),
                    quoted_identifier(table.columns[index.parts.at(0).column].name)));
  }
  return statements;
}

}  // namespace hangar::postgres
