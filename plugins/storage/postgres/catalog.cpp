#include "catalog.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "hangar/error.hpp"
#include "statements.hpp"

namespace hangar::postgres {
namespace {

// One number for everybody who creates tables with this program.
constexpr std::int64_t creation_lock = 0x48616e676172;  // "Hangar"

bool exists(pqxx::work& transaction, const std::string& function, std::string_view name) {
  const pqxx::result found = transaction.exec(
      fmt::format("SELECT {}({}) IS NOT NULL", function, literal(quoted_identifier(name))));
  return found[0][0].as<bool>();
}

std::set<std::string> read_enumeration(pqxx::work& transaction, std::string_view name) {
  std::set<std::string> values;
  if (name.empty()) return values;
  const pqxx::result labels = transaction.exec(fmt::format(
      "SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = to_regtype({})::oid",
      literal(quoted_identifier(name))));
  for (const auto& row : labels) values.insert(row[0].as<std::string>());
  return values;
}

void create_trigrams(pqxx::work& transaction, const std::vector<std::string>& statements) {
  const pqxx::result available =
      transaction.exec("SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'pg_trgm'");
  if (available.empty() || statements.empty()) return;
  try {
    // It may need rights that we do not have, and the rest does not depend on it.
    pqxx::subtransaction attempt{transaction};
    attempt.exec("CREATE EXTENSION IF NOT EXISTS pg_trgm");
    for (const std::string& statement : statements) attempt.exec(statement);
    attempt.commit();
  } catch (const pqxx::sql_error&) {
    return;
  }
}

}  // namespace

std::string asked(pqxx::work& transaction, const std::string& expression) {
  return transaction.exec("SELECT " + expression)[0][0].as<std::string>();
}

bool asked_whether(pqxx::work& transaction, const std::string& expression) {
  return transaction.exec("SELECT " + expression)[0][0].as<bool>();
}

std::string oid_of(const Table& table) {
  return fmt::format("to_regclass({})::oid", literal(quoted_identifier(table.name)));
}

std::string why_absent(pqxx::work& transaction, const Table& table) {
  const pqxx::result found = transaction.exec(
      fmt::format("SELECT quote_ident(n.nspname), has_schema_privilege(n.oid, 'USAGE'), "
                  "quote_ident(current_user), quote_ident(current_database()), "
                  "current_setting('search_path') FROM pg_catalog.pg_class c "
                  "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                  "WHERE c.relname = {} AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' "
                  "ORDER BY 2, n.nspname = ANY(current_schemas(false)), 1 LIMIT 1",
                  literal(table.name)));
  if (found.empty()) return absent_tables_message({std::string{table.name}});
  const auto schema = found[0][0].as<std::string>();
  const auto user = found[0][2].as<std::string>();
  if (!found[0][1].as<bool>()) {
    return fmt::format(
        "PostgreSQL: table {} is in schema {}, which this user may not use: GRANT USAGE ON SCHEMA "
        "{} TO {}",
        table.name, schema, schema, user);
  }
  return fmt::format(
      "PostgreSQL: table {} is in schema {}, and search_path is {}: ALTER ROLE {} IN DATABASE {} "
      "SET search_path = {}, or add ?options=-csearch_path%3D{} to storage.url",
      table.name, schema, found[0][4].as<std::string>(), user, found[0][3].as<std::string>(),
      schema, schema);
}

std::optional<StoredTable> read_table(pqxx::work& transaction, const Table& table) {
  if (!exists(transaction, "to_regclass", table.name)) return std::nullopt;
  const std::string oid = oid_of(table);
  StoredTable stored;
  const pqxx::result columns = transaction.exec(
      fmt::format("SELECT a.attname::text, t.typname::text, a.attnotnull, "
                  "a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '', "
                  "a.attidentity = 'a' OR a.attgenerated <> '' "
                  "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
                  "WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped",
                  oid));
  for (const auto& row : columns) {
    stored.columns[row[0].as<std::string>()] = {.type = row[1].as<std::string>(),
                                                .not_null = row[2].as<bool>(),
                                                .has_default = row[3].as<bool>(),
                                                .generated = row[4].as<bool>()};
  }
  const pqxx::result parts = transaction.exec(fmt::format(
      "SELECT i.indexrelid, a.attname::text FROM pg_catalog.pg_index i "
      "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS part(number, position) "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.number "
      "WHERE i.indrelid = {} AND i.indisunique AND i.indisvalid AND i.indimmediate "
      "AND i.indpred IS NULL AND i.indexprs IS NULL AND part.position <= i.indnkeyatts",
      oid));
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& row : parts) keys[row[0].as<std::string>()].insert(row[1].as<std::string>());
  for (auto& [index, names] : keys) stored.unique_keys.insert(std::move(names));
  const pqxx::result references = transaction.exec(
      fmt::format("SELECT a.attname::text, target.relname::text FROM pg_catalog.pg_constraint c "
                  "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid "
                  "AND a.attnum = ANY (c.conkey) "
                  "JOIN pg_catalog.pg_class target ON target.oid = c.confrelid "
                  "WHERE c.conrelid = {} AND c.contype = 'f' AND NOT c.condeferred",
                  oid));
  for (const auto& row : references) {
    stored.foreign_keys.emplace(row[0].as<std::string>(), row[1].as<std::string>());
  }
  stored.enumeration_values = read_enumeration(transaction, table.enumeration_name);
  return stored;
}

std::string creation_grant(pqxx::work& transaction) {
  // A schema that this user may not use is left out of search_path.
  return asked(
      transaction,
      "CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN '' "
      "WHEN current_schema() IS NOT NULL "
      "THEN format('GRANT CREATE ON SCHEMA %I TO %I', current_schema(), current_user) "
      "ELSE coalesce((SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', nspname, "
      "current_user) FROM regexp_split_to_table(current_setting('search_path'), ' *, *') "
      "WITH ORDINALITY AS part(name, place) "
      "JOIN pg_catalog.pg_namespace ON nspname = btrim(name, '\"') ORDER BY place LIMIT 1), "
      "format('CREATE SCHEMA, or ALTER ROLE %I SET search_path to one that exists', current_user)) "
      "END");
}

void create_absent(pqxx::work& transaction, std::span<const Table* const> tables) {
  transaction.exec(fmt::format("SELECT pg_advisory_xact_lock({})", creation_lock));
  std::vector<std::string> afterwards;
  std::vector<std::string> trigrams;
  for (const Table* table : tables) {
    if (exists(transaction, "to_regclass", table->name)) continue;
    if (const std::string grant = creation_grant(transaction); !grant.empty()) {
      throw ConfigError{
          fmt::format("PostgreSQL: there is no table {}, and this user may not create it: {}",
                      table->name, grant)};
    }
    if (!table->enumeration_name.empty() &&
        !exists(transaction, "to_regtype", table->enumeration_name)) {
      transaction.exec(create_enumeration(*table));
    }
    for (const std::string& statement : create_statements(*table)) transaction.exec(statement);
    for (std::string& statement : create_foreign_keys(*table)) {
      afterwards.push_back(std::move(statement));
    }
    for (std::string& statement : create_trigram_indexes(*table)) {
      trigrams.push_back(std::move(statement));
    }
  }
  for (const std::string& statement : afterwards) transaction.exec(statement);
  create_trigrams(transaction, trigrams);
}

}  // namespace hangar::postgres
