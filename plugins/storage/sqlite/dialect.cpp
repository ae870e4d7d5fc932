#include "dialect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace hangar::sqlite {
namespace {

std::string literal(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result.append(c == '\'' ? 2 : 1, c);
  return result + "'";
}

std::string default_expression(const Column& column) {
  if (column.type == ColumnType::timestamp && column.default_value == "now") {
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))";
  }
  // Prefect's own '0' is no form of an interval: SQLAlchemy cannot read it.
  if (column.type == ColumnType::interval) return "'1970-01-01 00:00:00.000000'";
  if (column.type == ColumnType::boolean) return column.default_value == "true" ? "1" : "0";
  return literal(column.default_value);
}

std::string column_definition(const Column& column) {
  std::string result = fmt::format("{} {}", quoted_identifier(column.name), type_name(column.type));
  if (!column.default_value.empty()) result += " DEFAULT " + default_expression(column);
  if (!column.nullable) result += " NOT NULL";
  return result;
}

std::string index_statement(const Table& table, const Index& index) {
  std::vector<std::string> parts;
  for (const Index::Part& part : index.parts) {
    parts.push_back(quoted_identifier(table.columns[part.column].name) +
                    (part.descending ? " DESC" : ""));
  }
  return fmt::format("CREATE {}INDEX {} ON {} ({})", index.unique ? "UNIQUE " : "",
                     quoted_identifier(index.name), quoted_identifier(table.name),
                     fmt::join(parts, ", "));
}

std::vector<std::string> names(const Table& table, std::span<const std::size_t> columns) {
  std::vector<std::string> result;
  std::ranges::transform(columns, std::back_inserter(result), [&](std::size_t column) {
    return quoted_identifier(table.columns[column].name);
  });
  return result;
}

std::string key_list(const Table& table, std::string_view separator) {
  return fmt::format("{}", fmt::join(names(table, table.primary_key), separator));
}

std::string insertion(const Table& table) {
  std::vector<std::string> columns;
  for (const Column& column : table.columns) columns.push_back(quoted_identifier(column.name));
  const std::vector<std::string> parameters(columns.size(), "?");
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", quoted_identifier(table.name),
                     fmt::join(columns, ", "), fmt::join(parameters, ", "));
}

}  // namespace

std::string_view type_name(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::uuid:
      return "CHAR(36)";
    case ColumnType::text:
    case ColumnType::enumeration:
      return "VARCHAR";
    case ColumnType::int4:
      return "INTEGER";
    case ColumnType::timestamp:
    case ColumnType::interval:
      return "DATETIME";
    case ColumnType::json:
    case ColumnType::json_text:
      return "JSON";
    case ColumnType::boolean:
      return "BOOLEAN";
    case ColumnType::int8:
      return "BIGINT";
    case ColumnType::float8:
      return "FLOAT";
    case ColumnType::bytes:
      return "BLOB";
  }
  return "";
}

std::string_view affinity(std::string_view declared_type) {
  std::string upper{declared_type};
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto has = [&](std::string_view part) { return upper.find(part) != std::string::npos; };
  if (has("INT")) return "INTEGER";
  if (has("CHAR") || has("CLOB") || has("TEXT")) return "TEXT";
  if (upper.empty() || has("BLOB")) return "BLOB";
  if (has("REAL") || has("FLOA") || has("DOUB")) return "REAL";
  return "NUMERIC";
}

std::string quoted_identifier(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) result.append(c == '"' ? 2 : 1, c);
  return result + "\"";
}

std::vector<std::string> create_statements(const Table& table) {
  std::vector<std::string> parts;
  for (const Column& column : table.columns) parts.push_back(column_definition(column));
  parts.push_back(fmt::format("CONSTRAINT {} PRIMARY KEY ({})",
                              quoted_identifier("pk_" + std::string{table.name}),
                              key_list(table, ", ")));
  for (const ForeignKey& key : table.foreign_keys) {
    parts.push_back(fmt::format("FOREIGN KEY ({}) REFERENCES {} (\"id\") ON DELETE CASCADE",
                                quoted_identifier(table.columns[key.column].name),
                                quoted_identifier(key.table)));
  }
  std::vector<std::string> result{
      fmt::format("CREATE TABLE {} ({})", quoted_identifier(table.name), fmt::join(parts, ", "))};
  for (const Index& index : table.indexes) {
    if (index.trigram || index.gin || !index.is_of("sqlite")) continue;
    result.push_back(index_statement(table, index));
  }
  return result;
}

std::string select_statement(const Table& table, std::span<const std::size_t> key_columns,
                             std::span<const std::size_t> columns) {
  std::vector<std::string> conditions = names(table, key_columns);
  for (std::string& condition : conditions) condition += " = ?";
  return fmt::format("SELECT {} FROM {} WHERE {}", fmt::join(names(table, columns), ", "),
                     quoted_identifier(table.name), fmt::join(conditions, " AND "));
}

std::string scan_statement(const Table& table, const Range& range,
                           std::span<const std::size_t> order,
                           std::span<const std::size_t> columns) {
  const std::string by = quoted_identifier(table.columns[range.column].name);
  std::vector<std::string> conditions{by + " IS NOT NULL"};
  for (const Range::OneOf& part : range.one_of) {
    conditions.push_back(quoted_identifier(table.columns[part.column].name) + " = ?");
  }
  if (range.from) conditions.push_back(by + " >= ?");
  if (range.before) conditions.push_back(by + " < ?");
  std::vector<std::string> order_by = names(table, order);
  if (!range.after.empty()) {
    const std::vector<std::string> parameters(order.size(), "?");
    conditions.push_back(fmt::format("({}) {} ({})", fmt::join(order_by, ", "),
                                     range.descending ? "<" : ">", fmt::join(parameters, ", ")));
  }
  if (range.descending) {
    for (std::string& part : order_by) part += " DESC";
  }
  return fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT ?",
                     fmt::join(names(table, columns), ", "), quoted_identifier(table.name),
                     fmt::join(conditions, " AND "), fmt::join(order_by, ", "));
}

std::string erase_statement(const Table& table, std::span<const std::size_t> key_columns) {
  std::vector<std::string> conditions = names(table, key_columns);
  for (std::string& condition : conditions) condition += " = ?";
  return fmt::format("DELETE FROM {} WHERE {}", quoted_identifier(table.name),
                     fmt::join(conditions, " AND "));
}

std::string insert_statement(const Table& table) {
  return insertion(table) + " ON CONFLICT DO NOTHING";
}

std::string add_statement(const Table& table, std::span<const std::size_t> columns) {
  const std::vector<std::string> sums = names(table, columns);
  std::vector<std::string> assignments;
  for (const std::string& name : sums) {
    assignments.push_back(fmt::format("{0} = coalesce({0}, 0) + excluded.{0}", name));
  }
  return fmt::format("{} ON CONFLICT ({}) DO UPDATE SET {} RETURNING {}", insertion(table),
                     key_list(table, ", "), fmt::join(assignments, ", "), fmt::join(sums, ", "));
}

std::vector<Written> written_columns(const Rows& rows) {
  const std::size_t width = rows.table().columns.size();
  std::vector<std::size_t> counts(width);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row];
    for (std::size_t column = 0; column < width; ++column) {
      if (!cells[column].absent()) ++counts[column];
    }
  }
  std::vector<Written> result(width, Written::never);
  for (std::size_t column = 0; column < width; ++column) {
    if (rows.table().in_primary_key(column)) continue;
    if (counts[column] == rows.size()) {
      result[column] = Written::always;
    } else if (counts[column] != 0) {
      result[column] = Written::sometimes;
    }
  }
  return result;
}

std::string update_statement(const Table& table, std::span<const Written> columns) {
  std::vector<std::string> assignments;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    const std::string name = quoted_identifier(table.columns[column].name);
    if (columns[column] == Written::always) assignments.push_back(name + " = ?");
    if (columns[column] == Written::sometimes) {
      assignments.push_back(fmt::format("{0} = CASE WHEN ? THEN ? ELSE {0} END", name));
    }
  }
  return fmt::format("UPDATE {} SET {} WHERE {} = ?", quoted_identifier(table.name),
                     fmt::join(assignments, ", "), key_list(table, " = ? AND "));
}

}  // namespace hangar::sqlite
