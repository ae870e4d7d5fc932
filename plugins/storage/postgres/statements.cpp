#include "statements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace hangar::postgres {
namespace {

std::string enclosed(std::string_view text, char quote) {
  std::string result{quote};
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result + quote;
}

std::string type_name(const Table& table, ColumnType type) {
  switch (type) {
    case ColumnType::uuid:
      return "uuid";
    case ColumnType::text:
      return "text";
    case ColumnType::int4:
      return "int4";
    case ColumnType::timestamp:
      return "timestamptz";
    case ColumnType::interval:
      return "interval";
    case ColumnType::json:
      return "jsonb";
    case ColumnType::enumeration:
      break;
  }
  return quoted_identifier(table.enumeration_name);
}

/// The elements of an array parameter as rows. In the select list and not in FROM, where PostgreSQL
/// would first store them all in a temporary file.
std::string elements(const Table& table, std::size_t column, std::size_t parameter) {
  const ColumnType type = table.columns[column].type;
  if (type != ColumnType::enumeration) {
    return fmt::format("unnest(${}::{}[])", parameter, type_name(table, type));
  }
  // Labels travel as text, since the binary form of their own array needs the type's number.
  return fmt::format("unnest(${}::text[])::{}", parameter, type_name(table, type));
}

std::string column_list(const Table& table, std::span<const std::size_t> columns) {
  std::vector<std::string> names;
  for (const std::size_t column : columns)
    names.push_back(quoted_identifier(table.columns[column].name));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The primary keys of the rows that have one of the keys.
std::string key_lookup(const Table& table, const Keys& keys, std::size_t& parameter) {
  const std::string id = quoted_identifier(table.columns[0].name);
  if (keys.columns.size() == 1 && keys.columns[0] == 0) {
    return fmt::format("SELECT {}", elements(table, 0, parameter++));
  }
  std::vector<std::string> wanted;
  std::vector<std::string> matches;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) {
    const std::string value = elements(table, keys.columns[i], parameter++);
    const std::string name = quoted_identifier(table.columns[keys.columns[i]].name);
    // An array of one, whose length the planner does not see: it then expects several rows for the
    // first column alone and takes the unique index, even where its statistics say that an index on
    // that column would do. With those, a flow run of 60,000 tasks costs 150 times as much.
    const bool opaque = i == 0 && keys.columns.size() > 1;
    wanted.push_back(opaque ? fmt::format("ARRAY[{}] AS k{}", value, i)
                            : fmt::format("{} AS k{}", value, i));
    matches.push_back(opaque ? fmt::format("t.{} = ANY(k.k{})", name, i)
                             : fmt::format("t.{} = k.k{}", name, i));
  }
  // LIMIT keeps the planner from turning the look-ups into a scan of the whole table.
  return fmt::format(
      "SELECT found.{0} FROM (SELECT {1}) AS k CROSS JOIN LATERAL "
      "(SELECT t.{0} FROM {2} AS t WHERE {3} LIMIT 1) AS found",
      id, fmt::join(wanted, ", "), quoted_identifier(table.name), fmt::join(matches, " AND "));
}

std::string_view locking_clause(Lock lock) {
  if (lock == Lock::none) return "";
  return lock == Lock::rows ? " FOR NO KEY UPDATE" : " FOR NO KEY UPDATE SKIP LOCKED";
}

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
  if (column.default_value == "now") {
    text += " DEFAULT now()";
  } else if (!column.default_value.empty()) {
    text += fmt::format(" DEFAULT {}", literal(column.default_value));
  }
  return text;
}

}  // namespace

std::string quoted_identifier(std::string_view identifier) { return enclosed(identifier, '"'); }

std::string literal(std::string_view text) { return enclosed(text, '\''); }

bool in_unique_key(const Table& table, std::size_t column) {
  return column == 0 || std::ranges::any_of(table.indexes, [&](const Index& index) {
           return index.unique &&
                  std::ranges::find(index.parts, column, &Index::Part::column) != index.parts.end();
         });
}

std::string find_statement(const Table& table, std::span<const Keys> keys,
                           std::span<const std::size_t> columns, Lock lock) {
  std::vector<std::string> lookups;
  std::size_t parameter = 1;
  for (const Keys& key : keys) lookups.push_back(key_lookup(table, key, parameter));
  std::vector<std::size_t> selected{0};
  selected.insert(selected.end(), columns.begin(), columns.end());
  const std::string id = quoted_identifier(table.columns[0].name);
  return fmt::format("SELECT {} FROM {} WHERE {} = ANY(ARRAY({})) ORDER BY {}{}",
                     column_list(table, selected), quoted_identifier(table.name), id,
                     fmt::join(lookups, " UNION ALL "), id, locking_clause(lock));
}

std::string insert_statement(const Table& table) {
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    names.push_back(quoted_identifier(table.columns[i].name));
    values.push_back(elements(table, i, i + 1));
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} ON CONFLICT DO NOTHING RETURNING {}",
                     quoted_identifier(table.name), fmt::join(names, ", "), fmt::join(values, ", "),
                     names[0]);
}

std::string copy_statement(const Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return fmt::format("SAVEPOINT copying; COPY {} ({}) FROM STDIN (FORMAT binary)",
                     quoted_identifier(table.name), column_list(table, columns));
}

std::vector<std::size_t> update_columns(const Table& table, UpdateForm form) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    if (form == UpdateForm::writes_keys || !in_unique_key(table, i)) columns.push_back(i);
  }
  return columns;
}

std::string update_statement(const Table& table, UpdateForm form) {
  std::vector<std::string> assignments;
  std::vector<std::string> values{fmt::format("{} AS k0", elements(table, 0, 1)),
                                  "unnest($2::int8[]) AS mask"};
  for (const std::size_t column : update_columns(table, form)) {
    const std::string name = quoted_identifier(table.columns[column].name);
    values.push_back(fmt::format("{} AS k{}", elements(table, column, values.size() + 1), column));
    assignments.push_back(
        fmt::format("{0} = CASE WHEN k.mask & {1} <> 0 THEN k.k{2} ELSE t.{0} END", name,
                    std::uint64_t{1} << column, column));
  }
  // The array is there for the planner: whatever it believes about the table, it need not read more
  // of it than these rows.
  return fmt::format(
      "UPDATE {} AS t SET {} FROM (SELECT {}) AS k "
      "WHERE t.{} = k.k0 AND t.{} = ANY(ARRAY(SELECT {}))",
      quoted_identifier(table.name), fmt::join(assignments, ", "), fmt::join(values, ", "),
      quoted_identifier(table.columns[0].name), quoted_identifier(table.columns[0].name),
      elements(table, 0, 1));
}

std::vector<std::string> create_statements(const Table& table) {
  std::vector<std::string> parts;
  for (const Column& column : table.columns) parts.push_back(column_definition(table, column));
  parts.push_back(fmt::format("CONSTRAINT {} PRIMARY KEY ({})",
                              quoted_identifier(fmt::format("pk_{}", table.name)),
                              quoted_identifier(table.columns[0].name)));
  std::vector<std::string> statements{
      fmt::format("CREATE TABLE {} ({})", quoted_identifier(table.name), fmt::join(parts, ", "))};
  for (const Index& index : table.indexes) {
    if (index.trigram || !index.is_of("postgres")) continue;
    statements.push_back(fmt::format("CREATE {}INDEX {} ON {} ({})", index.unique ? "UNIQUE " : "",
                                     quoted_identifier(index.name), quoted_identifier(table.name),
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
