#include <unistd.h>

#include <array>
#include <string>

#include "database.hpp"
#include "hangar/error.hpp"
#include "postgres_storage.hpp"

namespace hangar::postgres {
namespace {

TEST(Creation, makes_every_index_and_foreign_key_of_the_declaration) {
  Database database;
  const std::array<const Table*, 2> tables{&mark_table(), &thing_table()};
  PostgresStorage{database.options()}.prepare(tables, Creation::when_absent);
  EXPECT_EQ(database.execute("SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes "
                             "WHERE schemaname = 'public'"),
            "ix_thing__owner pk_mark pk_thing trgm_ix_thing__name uq_thing__owner_part");
  EXPECT_EQ(database.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'"),
            "fk_mark__thing_id__thing");
}

TEST(Creation, does_without_trigram_indexes_where_they_are_refused) {
  Database database;
  const std::string role = "plain_" + std::to_string(getpid());
  database.execute("CREATE ROLE " + role + " LOGIN; GRANT CREATE ON SCHEMA public TO " + role);
  StorageOptions options = database.options();
  options.url += " user=" + role;
  const std::array<const Table*, 1> tables{&thing_table()};
  PostgresStorage{options}.prepare(tables, Creation::when_absent);
  EXPECT_EQ(database.execute("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'trgm%'"), "0");
  EXPECT_EQ(database.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'thing'"), "3");
  database.execute("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST(Creation, uses_an_enumeration_that_is_there) {
  Database database;
  database.execute("CREATE TYPE colour AS ENUM ('OTHER', 'RED', 'it''s')");
  const std::array<const Table*, 1> tables{&thing_table()};
  PostgresStorage{database.options()}.prepare(tables, Creation::when_absent);
  EXPECT_EQ(database.execute("SELECT count(*) FROM pg_enum"), "3");
}

TEST(Creation, a_partial_unique_index_is_no_unique_key) {
  Database database;
  const std::array<const Table*, 1> tables{&thing_table()};
  PostgresStorage storage{database.options()};
  storage.prepare(tables, Creation::when_absent);
  database.execute(
      "DROP INDEX uq_thing__owner_part; "
      "CREATE UNIQUE INDEX ON thing (owner, part) WHERE count > 0; "
      "CREATE UNIQUE INDEX ON thing (owner, lower(part)); "
      "CREATE UNIQUE INDEX ON thing (owner) INCLUDE (part)");
  EXPECT_THROW(storage.prepare(tables, Creation::never), ConfigError);
  database.execute("CREATE UNIQUE INDEX ON thing (part, owner)");
  EXPECT_NO_THROW(storage.prepare(tables, Creation::never));
}

TEST(Creation, finds_its_tables_through_the_search_path) {
  Database database;
  database.execute("CREATE SCHEMA elsewhere");
  StorageOptions options = database.options();
  options.url += " options='-c search_path=elsewhere'";
  Table lone = mark_table();
  lone.foreign_keys.clear();
  const std::array<const Table*, 1> tables{&lone};
  PostgresStorage{options}.prepare(tables, Creation::when_absent);
  EXPECT_NO_THROW(PostgresStorage{options}.prepare(tables, Creation::never));
  EXPECT_THROW(PostgresStorage{database.options()}.prepare(tables, Creation::never), ConfigError);
}

}  // namespace
}  // namespace hangar::postgres
