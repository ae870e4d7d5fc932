#include "statements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
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

/// The columns of the primary key, each behind the prefix.
std::string key_list(const Table& table, std::string_view prefix = {}) {
  std::vector<std::string> names;
  for (const std::size_t part : table.primary_key)
    names.push_back(fmt::format("{}{}", prefix, quoted_identifier(table.columns[part].name)));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// That the row `t` has the primary key of the row `k`.
std::string has_key(const Table& table) {
  std::vector<std::string> parts;
  for (const std::size_t part : table.primary_key)
    parts.push_back(fmt::format("t.{0} = k.{0}", quoted_identifier(table.columns[part].name)));
  return fmt::format("{}", fmt::join(parts, " AND "));
}

/// The primary keys of the rows that have one of the keys.
std::string key_lookup(const Table& table, const Keys& keys, std::size_t& parameter) {
  const std::string id = key_list(table, "t.");
  if (keys.columns == table.primary_key) {
    std::vector<std::string> parts;
    for (const std::size_t part : table.primary_key) {
      parts.push_back(elements(table, part, parameter++));
      if (table.primary_key.size() > 1)
        parts.back() += fmt::format(" AS {}", quoted_identifier(table.columns[part].name));
    }
    return fmt::format("SELECT {}", fmt::join(parts, ", "));
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
      "SELECT {0} FROM (SELECT {1}) AS k CROSS JOIN LATERAL "
      "(SELECT {2} FROM {3} AS t WHERE {4} LIMIT 1) AS found",
      key_list(table, "found."), fmt::join(wanted, ", "), id, quoted_identifier(table.name),
      fmt::join(matches, " AND "));
}

/// That the row `t` has its place within the range and behind `after`; the parameters are those
/// from this one on, which becomes the next.
std::vector<std::string> place_conditions(const Table& table, const Range& range,
                                          std::size_t& parameter) {
  const auto one = [&](std::size_t column) {
    const ColumnType type = table.columns[column].type;
    return fmt::format("(${}::{}[])[1]", parameter++, type_name(table, type));
  };
  const std::string by = fmt::format("t.{}", quoted_identifier(table.columns[range.column].name));
  std::vector<std::string> conditions{by + " IS NOT NULL"};
  if (range.from) conditions.push_back(fmt::format("{} >= {}", by, one(range.column)));
  if (range.before) conditions.push_back(fmt::format("{} < {}", by, one(range.column)));
  if (range.after.empty()) return conditions;
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const std::size_t column : order_of(table, range)) {
    names.push_back(fmt::format("t.{}", quoted_identifier(table.columns[column].name)));
    values.push_back(one(column));
  }
  conditions.push_back(fmt::format("({}) {} ({})", fmt::join(names, ", "),
                                   range.descending ? "<" : ">", fmt::join(values, ", ")));
  return conditions;
}

std::string_view locking_clause(Lock lock) {
  if (lock == Lock::none) return "";
  return lock == Lock::rows ? " FOR NO KEY UPDATE" : " FOR NO KEY UPDATE SKIP LOCKED";
}

}  // namespace

std::string quoted_identifier(std::string_view identifier) { return enclosed(identifier, '"'); }

std::string literal(std::string_view text) { return enclosed(text, '\''); }

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
    case ColumnType::boolean:
      return "bool";
    case ColumnType::int8:
      return "int8";
    case ColumnType::float8:
      return "float8";
    case ColumnType::bytes:
      return "bytea";
    case ColumnType::json_text:
      return "json";
    case ColumnType::enumeration:
      break;
  }
  return quoted_identifier(table.enumeration_name);
}

std::string column_list(const Table& table, std::span<const std::size_t> columns) {
  std::vector<std::string> names;
  for (const std::size_t column : columns)
    names.push_back(quoted_identifier(table.columns[column].name));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string find_statement(const Table& table, std::span<const Keys> keys,
                           std::span<const std::size_t> columns, Lock lock) {
  std::vector<std::string> lookups;
  std::size_t parameter = 1;
  for (const Keys& key : keys) lookups.push_back(key_lookup(table, key, parameter));
  const std::string id = key_list(table);
  std::vector<std::size_t> all = table.primary_key;
  all.insert(all.end(), columns.begin(), columns.end());
  const std::string selected = column_list(table, all);
  if (table.primary_key.size() == 1) {
    return fmt::format("SELECT {} FROM {} WHERE {} = ANY(ARRAY({})) ORDER BY {}{}", selected,
                       quoted_identifier(table.name), id, fmt::join(lookups, " UNION ALL "), id,
                       locking_clause(lock));
  }
  // No array holds several columns. The rows are locked one after the other in the order in which
  // the inner query gives the keys.
  return fmt::format(
      "SELECT found.* FROM (SELECT DISTINCT {0} FROM ({1}) AS every ORDER BY {0}) AS k "
      "CROSS JOIN LATERAL (SELECT {2} FROM {3} AS t WHERE {4}{5}) AS found ORDER BY {6}",
      id, fmt::join(lookups, " UNION ALL "), selected, quoted_identifier(table.name),
      has_key(table), locking_clause(lock), key_list(table, "k."));
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
                     key_list(table));
}

std::string erase_statement(const Table& table, std::span<const Keys> keys) {
  std::vector<std::string> lookups;
  std::size_t parameter = 1;
  for (const Keys& key : keys) lookups.push_back(key_lookup(table, key, parameter));
  const std::string all = fmt::format("{}", fmt::join(lookups, " UNION ALL "));
  const std::string id = key_list(table);
  const std::string name = quoted_identifier(table.name);
  if (table.primary_key.size() == 1) {
    return fmt::format("DELETE FROM {} WHERE {} = ANY(ARRAY({}))", name, id, all);
  }
  return fmt::format(
      "DELETE FROM {0} AS t USING (SELECT DISTINCT {1} FROM ({2}) AS every ORDER BY {1}) AS k "
      "WHERE {3}",
      name, id, all, has_key(table));
}

std::string add_statement(const Table& table, std::span<const std::size_t> columns) {
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    names.push_back(quoted_identifier(table.columns[i].name));
    values.push_back(elements(table, i, i + 1));
  }
  std::vector<std::string> sums;
  for (const std::size_t column : columns)
    sums.push_back(fmt::format("{0} = coalesce(t.{0}, 0) + EXCLUDED.{0}", names[column]));
  return fmt::format("INSERT INTO {} AS t ({}) SELECT {} ON CONFLICT ({}) DO UPDATE SET {}",
                     quoted_identifier(table.name), fmt::join(names, ", "), fmt::join(values, ", "),
                     key_list(table), fmt::join(sums, ", "));
}

std::vector<std::size_t> scan_columns(const Table& table, const Range& range,
                                      std::span<const std::size_t> columns) {
  std::vector<std::size_t> all = order_of(table, range);
  for (const std::size_t column : columns) {
    if (std::ranges::find(all, column) == all.end()) all.push_back(column);
  }
  return all;
}

// For each value of `one_of` as many rows as may be needed at most: where the values were compared
// with a list, no index would give the rows of all of them in order, and all would be read.
std::string scan_statement(const Table& table, const Range& range,
                           std::span<const std::size_t> columns) {
  std::size_t parameter = 1;
  std::vector<std::string> sources;
  std::vector<std::string> conditions;
  for (const Range::OneOf& part : range.one_of) {
    const std::string values = elements(table, part.column, parameter);
    sources.push_back(fmt::format("(SELECT DISTINCT {} AS v) AS k{}", values, parameter));
    conditions.push_back(fmt::format(
        "t.{} = k{}.v", quoted_identifier(table.columns[part.column].name), parameter++));
  }
  const auto order_by = [&](std::string_view of) {
    std::vector<std::string> parts;
    for (const std::size_t column : order_of(table, range)) {
      parts.push_back(fmt::format("{}.{}{}", of, quoted_identifier(table.columns[column].name),
                                  range.descending ? " DESC" : ""));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
  };
  std::ranges::move(place_conditions(table, range, parameter), std::back_inserter(conditions));
  const std::string limit = fmt::format("LIMIT (${}::int8[])[1]", parameter);
  std::string part = fmt::format("SELECT {} FROM {} AS t WHERE {} ORDER BY {} {}",
                                 column_list(table, scan_columns(table, range, columns)),
                                 quoted_identifier(table.name), fmt::join(conditions, " AND "),
                                 order_by("t"), limit);
  if (sources.empty()) return part;
  return fmt::format("SELECT found.* FROM {} CROSS JOIN LATERAL ({}) AS found ORDER BY {} {}",
                     fmt::join(sources, " CROSS JOIN "), part, order_by("found"), limit);
}

// The conditions are there once more for a row that somebody changed while it was waited for:
// PostgreSQL looks at those of its new version. Behind IS TRUE no index is chosen by them.
std::string erase_statement(const Table& table, const Range& range) {
  std::size_t parameter = 1;
  std::vector<std::string> conditions;
  for (const Range::OneOf& part : range.one_of) {
    const Column& column = table.columns[part.column];
    const std::string type = type_name(table, column.type);
    const bool is_word = column.type == ColumnType::enumeration;
    conditions.push_back(fmt::format("t.{} = ANY(${}::{}[]{})", quoted_identifier(column.name),
                                     parameter++, is_word ? "text" : type,
                                     is_word ? fmt::format("::{}[]", type) : ""));
  }
  std::ranges::move(place_conditions(table, range, parameter), std::back_inserter(conditions));
  const std::string slice = fmt::format("SELECT {} FROM ({}) AS slice", key_list(table),
                                        scan_statement(table, range, {}));
  const std::string name = quoted_identifier(table.name);
  const std::string still = fmt::format("({}) IS TRUE", fmt::join(conditions, " AND "));
  if (table.primary_key.size() == 1) {
    return fmt::format("DELETE FROM {} AS t WHERE {} = ANY(ARRAY({})) AND {}", name,
                       key_list(table, "t."), slice, still);
  }
  return fmt::format("DELETE FROM {} AS t USING ({}) AS k WHERE {} AND {}", name, slice,
                     has_key(table), still);
}

std::string copy_statement(const Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return fmt::format("SAVEPOINT copying; COPY {} ({}) FROM STDIN (FORMAT binary)",
                     quoted_identifier(table.name), column_list(table, columns));
}

std::vector<std::size_t> update_columns(const Table& table, UpdateForm form) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.in_primary_key(i)) continue;
    if (form == UpdateForm::writes_keys || !table.in_unique_key(i)) columns.push_back(i);
  }
  return columns;
}

std::string update_statement(const Table& table, UpdateForm form) {
  std::vector<std::string> assignments;
  std::vector<std::string> values;
  std::vector<std::string> matches;
  for (const std::size_t part : table.primary_key) {
    values.push_back(fmt::format("{} AS k{}", elements(table, part, values.size() + 1), part));
    matches.push_back(
        fmt::format("t.{} = k.k{}", quoted_identifier(table.columns[part].name), part));
  }
  values.push_back(fmt::format("unnest(${}::int8[]) AS mask", values.size() + 1));
  for (const std::size_t column : update_columns(table, form)) {
    const std::string name = quoted_identifier(table.columns[column].name);
    values.push_back(fmt::format("{} AS k{}", elements(table, column, values.size() + 1), column));
    assignments.push_back(
        fmt::format("{0} = CASE WHEN k.mask & {1} <> 0 THEN k.k{2} ELSE t.{0} END", name,
                    std::uint64_t{1} << column, column));
  }
  // The array is there for the planner: whatever it believes about the table, it need not read more
  // of it than these rows.
  if (table.primary_key.size() == 1) {
    const std::size_t id = table.primary_key.front();
    matches.push_back(fmt::format("t.{} = ANY(ARRAY(SELECT {}))",
                                  quoted_identifier(table.columns[id].name),
                                  elements(table, id, 1)));
  }
  return fmt::format("UPDATE {} AS t SET {} FROM (SELECT {}) AS k WHERE {}",
                     quoted_identifier(table.name), fmt::join(assignments, ", "),
                     fmt::join(values, ", "), fmt::join(matches, " AND "));
}

}  // namespace hangar::postgres
