#include "schema.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "hangar/error.hpp"
#include "things.hpp"

namespace hangar::postgres {
namespace {

StoredTable stored_thing() {
  return {.columns = {{"id", {"uuid", true, true}},
                      {"made", {"timestamptz", true, true}},
                      {"owner", {"uuid", false, false}},
                      {"part", {"varchar", true, false}},
                      {"name", {"text", false, false}},
                      {"count", {"int4", true, true}},
                      {"kind", {"colour", false, false}},
                      {"spent", {"interval", true, true}},
                      {"body", {"jsonb", true, true}}},
          .unique_keys = {{"id"}, {"part", "owner"}},
          .enumeration_values = {"RED", "it's", "MORE"},
          .foreign_keys = {}};
}

/// To which another table of the service refers.
Table other_table() {
  Table table;
  table.name = "other";
  return table;
}

std::string table_refusal(const std::function<void(StoredTable&)>& change) {
  StoredTable stored = stored_thing();
  change(stored);
  try {
    const Table other = other_table();
    check(thing_table(), stored, std::array{&thing_table(), &other});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(accepted)";
}

TEST(Schema, a_table_that_fits_is_accepted) {
  EXPECT_EQ(table_refusal([](StoredTable&) {}), "(accepted)");
  EXPECT_EQ(table_refusal([](StoredTable& s) {
              s.columns["more"] = {"bytea", false, false};
            }),
            "(accepted)");
  EXPECT_EQ(table_refusal([](StoredTable& s) {
              s.columns["more"] = {"int8", true, true};
            }),
            "(accepted)");
  EXPECT_EQ(table_refusal([](StoredTable& s) { s.columns["part"].not_null = false; }),
            "(accepted)");
}

TEST(Schema, only_a_table_of_the_service_may_not_be_referred_to_without_a_declaration) {
  EXPECT_EQ(table_refusal([](StoredTable& s) {
              s.foreign_keys = {{"owner", "elsewhere"}};
            }),
            "(accepted)");
  const std::string message = table_refusal([](StoredTable& s) {
    s.foreign_keys = {{"owner", "elsewhere"}, {"owner", "other"}};
  });
  EXPECT_NE(message.find("table thing, column owner"), std::string::npos) << message;
  EXPECT_NE(message.find("foreign key to other"), std::string::npos) << message;
}

TEST(Schema, a_refusal_names_table_column_and_remedy) {
  const std::string message = table_refusal([](StoredTable& s) { s.columns.erase("name"); });
  EXPECT_NE(message.find("table thing has no column name"), std::string::npos) << message;
  EXPECT_NE(message.find("prefect server database upgrade"), std::string::npos) << message;
}

TEST(Schema, each_misfit_is_named) {
  const std::vector<std::pair<std::string, std::function<void(StoredTable&)>>> misfits{
      {"column count: its type is int8, integer is needed",
       [](StoredTable& s) { s.columns["count"].type = "int8"; }},
      {"column body: its type is json, jsonb is needed",
       [](StoredTable& s) { s.columns["body"].type = "json"; }},
      {"column kind: its type is varchar, colour is needed",
       [](StoredTable& s) { s.columns["kind"].type = "varchar"; }},
      {"column made: its type is timestamp, timestamp with time zone is needed",
       [](StoredTable& s) { s.columns["made"].type = "timestamp"; }},
      {"column name: NOT NULL, but nulls must be written",
       [](StoredTable& s) { s.columns["name"].not_null = true; }},
      {"column name: it is generated, but values must be written: ALTER TABLE",
       [](StoredTable& s) { s.columns["name"].generated = true; }},
      {"column tenant: NOT NULL without a default",
       [](StoredTable& s) {
         s.columns["tenant"] = {"text", true, false};
       }},
      {"no valid unique index on (owner, part)",
       [](StoredTable& s) {
         s.unique_keys = {{"id"}, {"owner"}, {"owner", "part", "name"}};
       }},
      {"no valid unique index on (id)", [](StoredTable& s) { s.unique_keys.erase({"id"}); }},
      {"the type colour has no value RED",
       [](StoredTable& s) { s.enumeration_values.erase("RED"); }}};
  for (const auto& [words, change] : misfits) {
    EXPECT_NE(table_refusal(change).find(words), std::string::npos) << table_refusal(change);
  }
}

TEST(Schema, absent_tables_are_named_with_the_two_ways_out) {
  const std::string message = absent_tables_message({"thing", "mark"});
  for (const char* part :
       {"thing, mark", "prefect server database upgrade -y", "storage.create_tables: true"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace hangar::postgres
