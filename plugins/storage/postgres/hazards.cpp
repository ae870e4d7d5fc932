#include "hazards.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <utility>

#include "catalog.hpp"
#include "statements.hpp"

namespace hangar::postgres {
namespace {

using enum Check::Verdict;

/// The statement that undoes what set the setting, if that was in the database.
std::string reset(pqxx::work& transaction, const char* name) {
  const std::string source =
      asked(transaction,
            fmt::format("(SELECT source FROM pg_catalog.pg_settings WHERE name = '{}')", name));
  if (source == "user") {
    return asked(transaction, fmt::format("format('ALTER ROLE %I RESET {}', current_user)", name));
  }
  if (source == "database") {
    return asked(transaction,
                 fmt::format("format('ALTER DATABASE %I RESET {}', current_database())", name));
  }
  if (source == "database user") {
    return asked(transaction,
                 fmt::format("format('ALTER ROLE %I IN DATABASE %I RESET {}', current_user, "
                             "current_database())",
                             name));
  }
  if (source == "client") {
    return fmt::format("take {} out of the options in storage.url or PGOPTIONS", name);
  }
  return fmt::format("set {} = on in postgresql.conf", name);
}

std::optional<Check> unlogged(pqxx::work& transaction, const Table& table) {
  // Of a partitioned table each partition has rows of its own.
  const pqxx::result found = transaction.exec(
      fmt::format("WITH RECURSIVE parts(oid) AS (SELECT {} UNION ALL SELECT i.inhrelid "
                  "FROM pg_catalog.pg_inherits i JOIN parts p ON i.inhparent = p.oid) "
                  "SELECT c.oid::regclass::text FROM parts JOIN pg_catalog.pg_class c USING (oid) "
                  "WHERE c.relpersistence <> 'p' ORDER BY 1 LIMIT 1",
                  oid_of(table)));
  if (found.empty()) return std::nullopt;
  const auto name = found[0][0].as<std::string>();
  return Check{fail, fmt::format("table {}", table.name),
               fmt::format("{} is UNLOGGED: a crash of the server empties it, and its events are "
                           "acked",
                           name),
               fmt::format("ALTER TABLE {} SET LOGGED", name)};
}

std::optional<Check> row_security(pqxx::work& transaction, const Table& table) {
  const std::string oid = oid_of(table);
  if (!asked_whether(transaction, fmt::format("row_security_active({})", oid))) return std::nullopt;
  std::vector<std::string_view> missing;
  std::vector<std::pair<char, std::string_view>> commands{{'r', "SELECT"}};
  if (!table.read_only) {
    commands.emplace_back('a', "INSERT");
    commands.emplace_back('w', "UPDATE");
  }
  if (table.erased) commands.emplace_back('d', "DELETE");
  for (const auto& [letter, command] : commands) {
    const bool allowed = asked_whether(
        transaction,
        fmt::format("EXISTS (SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid = {} AND "
                    "polpermissive AND polcmd IN ('*', '{}') AND (0 = ANY(polroles) OR EXISTS "
                    "(SELECT 1 FROM unnest(polroles) AS role "
                    "WHERE role <> 0 AND pg_has_role(role, 'MEMBER'))))",
                    oid, letter));
    if (!allowed) missing.push_back(command);
  }
  const std::string what = fmt::format("table {}", table.name);
  const std::string user = asked(transaction, "quote_ident(current_user)");
  if (asked(transaction, "current_setting('row_security')") == "off") {
    return Check{
        fail, what,
        "row-level security is on and row_security is off: the server refuses every "
        "statement that a policy would change",
        fmt::format("{}, or ALTER ROLE {} BYPASSRLS", reset(transaction, "row_security"), user)};
  }
  if (!missing.empty()) {
    return Check{fail, what,
                 fmt::format("row-level security is on, and no policy lets this user {}",
                             fmt::join(missing, ", ")),
                 fmt::format("ALTER ROLE {} BYPASSRLS, or CREATE POLICY recorder ON {} TO {} "
                             "USING (true) WITH CHECK (true)",
                             user, table.name, user)};
  }
  return Check{warn, what,
               table.read_only ? "row-level security is on: rows that a policy hides are not seen"
                               : "row-level security is on: COPY is refused, so rows go in by "
                                 "INSERT, which is slower; rows that a policy hides are not seen",
               fmt::format("ALTER ROLE {} BYPASSRLS", user)};
}

/// INSERT is not what it says then, and the server refuses the form of it that leaves out what is
/// there already.
std::optional<Check> rules(pqxx::work& transaction, const Table& table) {
  const std::string of_table = fmt::format(
      "FROM pg_catalog.pg_rewrite WHERE ev_class = {} AND ev_type IN ('2', '3') AND ev_enabled <> "
      "'D'",
      oid_of(table));
  const std::string names = asked(
      transaction,
      fmt::format("coalesce((SELECT string_agg(quote_ident(rulename), ', ') {}), '')", of_table));
  if (names.empty()) return std::nullopt;
  return Check{fail, fmt::format("table {}", table.name),
               fmt::format("it has rules ({}), and on a table with rules the server refuses INSERT "
                           "… ON CONFLICT",
                           names),
               asked(transaction, fmt::format("(SELECT string_agg(format('DROP RULE %I ON %I', "
                                              "rulename, {}), '; ') || '; a trigger may do the "
                                              "same' {})",
                                              literal(table.name), of_table))};
}

}  // namespace

std::optional<Check> encoding(pqxx::work& transaction) {
  const std::string name = asked(transaction, "current_setting('server_encoding')");
  if (name == "UTF8") return std::nullopt;
  return Check{
      warn, "encoding",
      name == "SQL_ASCII"
          ? "the database's encoding is SQL_ASCII, so it takes no character that JSON writes as an "
            "escape: its event becomes a dead letter, `untranslatable_character`"
          : fmt::format("the database's encoding is {}, which lacks characters such as \U0001F600: "
                        "an event with one becomes a dead letter, `untranslatable_character`",
                        name),
      fmt::format("pg_dump {} | psql into one of: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE "
                  "template0",
                  asked(transaction, "quote_ident(current_database())"))};
}

std::vector<Check> durability(pqxx::work& transaction) {
  std::vector<Check> checks;
  const auto setting = [&](const char* name) {
    return asked(transaction, fmt::format("current_setting('{}')", name));
  };
  const auto expect_on = [&](const char* name, const char* loss, const std::string& fix) {
    if (setting(name) == "off") {
      checks.push_back({warn, "durability", fmt::format("{} is off: {}", name, loss), fix});
    }
  };
  expect_on("fsync", "a crash of its machine loses or damages what was committed",
            "set fsync = on in postgresql.conf");
  expect_on("full_page_writes", "a crash of its machine damages pages that were being written",
            "set full_page_writes = on in postgresql.conf");
  expect_on("synchronous_commit", "a crash loses the last transactions, whose events are acked",
            reset(transaction, "synchronous_commit"));
  if (asked_whether(transaction, "pg_is_in_recovery()")) {
    checks.push_back({fail, "durability", "the server is a standby and takes no rows",
                      "name the primary in storage.url"});
  }
  if (checks.empty()) {
    checks.push_back(
        {ok, "durability",
         fmt::format("fsync is on, synchronous_commit is {}", setting("synchronous_commit"))});
  }
  return checks;
}

std::vector<Check> table_hazards(pqxx::work& transaction, const Table& table) {
  std::vector<std::optional<Check>> all{row_security(transaction, table)};
  if (!table.read_only) {
    all.push_back(unlogged(transaction, table));
    all.push_back(rules(transaction, table));
  }
  std::vector<Check> checks;
  for (const auto& found : all) {
    if (found) checks.push_back(*found);
  }
  return checks;
}

}  // namespace hangar::postgres
