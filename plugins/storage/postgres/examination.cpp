#include "examination.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "catalog.hpp"
#include "hangar/error.hpp"
#include "hazards.hpp"
#include "schema.hpp"
#include "statements.hpp"

namespace hangar::postgres {
namespace {

using enum Check::Verdict;

std::string setting(pqxx::work& transaction, const char* name) {
  return asked(transaction, fmt::format("current_setting('{}')", name));
}

Check version(pqxx::work& transaction) {
  constexpr int oldest = 130'000;
  const std::string found =
      fmt::format("PostgreSQL {}, database {}, schema {}", setting(transaction, "server_version"),
                  asked(transaction, "current_database()"),
                  asked(transaction,
                        "coalesce(nullif(array_to_string(current_schemas(false), ', '), ''), "
                        "'none that is there')"));
  if (std::stoi(setting(transaction, "server_version_num")) < oldest) {
    return {fail, "postgres", found, "use PostgreSQL 13 or newer"};
  }
  return {ok, "postgres", found};
}

/// Access method and columns of each valid index.
std::set<std::string> indexes(pqxx::work& transaction, const Table& table) {
  const pqxx::result rows = transaction.exec(fmt::format(
      "SELECT m.amname || ' ' || string_agg(a.attname, ', ' ORDER BY part.position) "
      "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "JOIN pg_catalog.pg_am m ON m.oid = c.relam "
      "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS part(number, position) "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.number "
      "WHERE i.indrelid = {} AND i.indisvalid GROUP BY i.indexrelid, m.amname",
      oid_of(table)));
  std::set<std::string> found;
  for (const auto& row : rows) found.insert(row[0].as<std::string>());
  return found;
}

std::vector<const Index*> missing_indexes(pqxx::work& transaction, const Table& table) {
  const std::set<std::string> found = indexes(transaction, table);
  std::vector<const Index*> missing;
  for (const Index& index : table.indexes) {
    // Without a unique one the table is refused.
    if (index.unique || !index.is_of("postgres")) continue;
    std::vector<std::string_view> columns;
    for (const Index::Part& part : index.parts) columns.push_back(table.columns[part.column].name);
    const std::string form = fmt::format("{} {}", index.trigram || index.gin ? "gin" : "btree",
                                         fmt::join(columns, ", "));
    if (!found.contains(form)) missing.push_back(&index);
  }
  return missing;
}

/// Which of them a row belongs to is looked up in the tables of others.
std::vector<Check> missing_of_owners(pqxx::work& transaction, const Table& table) {
  std::vector<Check> checks;
  for (const ForeignKey& key : table.owners) {
    const pqxx::result missing = transaction.exec(fmt::format(
        "SELECT quote_ident(current_user) FROM pg_catalog.pg_attribute WHERE attrelid = "
        "to_regclass({}) AND attname = 'id' AND NOT has_column_privilege(attrelid, attnum, "
        "'SELECT')",
        literal(quoted_identifier(key.table))));
    if (missing.empty()) continue;
    checks.push_back(
        {fail, fmt::format("table {}", key.table), "this user has no privilege to SELECT (id)",
         fmt::format("GRANT SELECT (id) ON {} TO {}", key.table, missing[0][0].as<std::string>())});
  }
  return checks;
}

/// A privilege may be of the table or of each column that is read and written, but for DELETE.
std::vector<Check> missing_privileges(pqxx::work& transaction, const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(literal(column.name));
  const pqxx::result rows = transaction.exec(fmt::format(
      "SELECT privilege, bool_and(missing), "
      "string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE missing) "
      "FROM unnest(ARRAY['SELECT'{}{}]) WITH ORDINALITY AS asked(privilege, place) "
      "CROSS JOIN pg_catalog.pg_attribute "
      "CROSS JOIN LATERAL (SELECT NOT has_column_privilege(attrelid, attnum, privilege)) "
      "AS found(missing) WHERE attrelid = {} AND NOT attisdropped AND attname IN ({}) "
      "GROUP BY place, privilege HAVING bool_or(missing) ORDER BY place",
      table.read_only ? "" : ", 'INSERT'",
      table.versioned_by || !table.counters.empty() ? ", 'UPDATE'" : "", oid_of(table),
      fmt::join(names, ", ")));
  std::vector<std::string> of_table;
  std::vector<std::string> of_columns;
  for (const auto& row : rows) {
    const auto privilege = row[0].as<std::string>();
    if (row[1].as<bool>()) {
      of_table.push_back(privilege);
    } else {
      of_columns.push_back(fmt::format("{} ({})", privilege, row[2].as<std::string>()));
    }
  }
  if (table.erased &&
      asked_whether(transaction,
                    fmt::format("NOT has_table_privilege({}, 'DELETE')", oid_of(table)))) {
    of_table.emplace_back("DELETE");
  }
  std::vector<Check> checks;
  for (const auto& missing : {of_table, of_columns}) {
    if (missing.empty()) continue;
    const std::string what = fmt::format("{}", fmt::join(missing, ", "));
    checks.push_back({fail, fmt::format("table {}", table.name),
                      fmt::format("this user has no privilege to {}", what),
                      fmt::format("GRANT {} ON {} TO {}", what, table.name,
                                  asked(transaction, "quote_ident(current_user)"))});
  }
  return checks;
}

std::vector<Check> look(pqxx::work& transaction, const Table& table,
                        std::span<const Table* const> tables, Creation creation) {
  const std::string what = fmt::format("table {}", table.name);
  try {
    check_declaration(table, tables);
  } catch (const ConfigError& error) {
    return {{fail, what, error.what(), ""}};
  }
  const std::optional<StoredTable> stored = read_table(transaction, table);
  if (!stored && creation == Creation::when_absent) {
    const std::string grant = creation_grant(transaction);
    if (grant.empty()) return {{ok, what, "there is none yet; Hangar creates it"}};
    return {{fail, what, "there is none, and this user may not create it", grant}};
  }
  if (!stored) return {{fail, what, why_absent(transaction, table), ""}};
  std::vector<Check> checks;
  try {
    check(table, *stored, tables);
  } catch (const ConfigError& error) {
    checks.push_back({fail, what, error.what(), ""});
  }
  std::ranges::move(missing_privileges(transaction, table), std::back_inserter(checks));
  std::ranges::move(missing_of_owners(transaction, table), std::back_inserter(checks));
  std::ranges::move(table_hazards(transaction, table), std::back_inserter(checks));
  const std::vector<Check> of_indexes = check_indexes(table, missing_indexes(transaction, table));
  if (checks.empty() && std::ranges::count(of_indexes, warn, &Check::verdict) == 0) {
    checks.push_back({ok, what, "columns, indexes and privileges are as they should be"});
  }
  checks.insert(checks.end(), of_indexes.begin(), of_indexes.end());
  return checks;
}

Check clock(pqxx::work& transaction) {
  const auto before = std::chrono::system_clock::now();
  const pqxx::result shown =
      transaction.exec("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
  const auto after = std::chrono::system_clock::now();
  const std::chrono::system_clock::time_point time{
      std::chrono::microseconds{shown[0][0].as<std::int64_t>()}};
  return check_clock("postgres", before, time, after);
}

}  // namespace

std::vector<Check> examine(pqxx::work& transaction, std::span<const Table* const> tables,
                           Creation creation) {
  std::vector<Check> checks{version(transaction)};
  if (const auto found = encoding(transaction)) checks.push_back(*found);
  std::ranges::move(durability(transaction), std::back_inserter(checks));
  for (const Table* table : tables) {
    std::ranges::move(look(transaction, *table, tables, creation), std::back_inserter(checks));
  }
  checks.push_back(clock(transaction));
  return checks;
}

}  // namespace hangar::postgres
