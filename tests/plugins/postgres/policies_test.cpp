#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "database.hpp"
#include "hangar/error.hpp"
#include "postgres_storage.hpp"

namespace hangar::postgres {
namespace {

using enum TransientError::Retry;

/// A database with limits, privileges and policies of its own, and a role that owns nothing.
class Policies : public ServerTest {
 protected:
  Policies() {
    database_.execute("CREATE ROLE " + role_ + " LOGIN");
    database_.execute("GRANT SELECT, INSERT, UPDATE ON thing, mark TO " + role_);
  }
  ~Policies() override {
    session_.reset();
    database_.execute("DROP OWNED BY " + role_);
    database_.execute("DROP ROLE " + role_);
  }

  StorageOptions as_role() {
    StorageOptions options = database_.options();
    options.url += " user=" + role_;
    return options;
  }
  /// What doctor says of faults and warnings, one a line.
  std::string examined(const Table& thing = thing_table()) {
    const std::array<const Table*, 2> tables{&thing, &mark_table()};
    std::string text;
    try {
      for (const Check& check : PostgresStorage{as_role()}.examine(tables, Creation::never)) {
        if (check.verdict == Check::Verdict::ok) continue;
        const bool fault = check.verdict == Check::Verdict::fail;
        text += fmt::format("{} {}: {}; {}\n", fault ? "fail" : "warn", check.what, check.found,
                            check.hint);
      }
    } catch (const TransientError& error) {
      text = error.what();
    }
    return text;
  }
  void prepare() {
    const std::array<const Table*, 2> tables{&thing_table(), &mark_table()};
    PostgresStorage{as_role()}.prepare(tables, Creation::never);
  }
  static Rows many(std::uint64_t first) {
    Rows rows{thing_table()};
    for (std::uint64_t id = first; id < first + 100; ++id) add_thing(rows, id, id);
    return rows;
  }
  void expect_says(const std::string& text, const std::vector<std::string>& words) {
    for (const std::string& word : words) EXPECT_NE(text.find(word), text.npos) << word << text;
  }

  std::string role_ = "recorder_" + std::to_string(getpid());
};

TEST_F(Policies, rows_go_in_where_row_level_security_refuses_copy) {
  database_.execute("ALTER TABLE thing ENABLE ROW LEVEL SECURITY");
  expect_says(examined(), {"fail table thing: row-level security is on, and no policy lets this "
                           "user SELECT, INSERT, UPDATE; ALTER ROLE " +
                           role_ + " BYPASSRLS"});
  database_.execute("CREATE POLICY recorder ON thing TO " + role_ +
                    " USING (true) WITH CHECK (true)");
  expect_says(examined(), {"warn table thing: row-level security is on: COPY is refused"});
  const auto session = PostgresStorage{as_role()}.open_session();
  for (const std::uint64_t first : {1U, 1001U}) {
    const Rows rows = many(first);
    session->begin();
    EXPECT_EQ(session->insert_missing(rows), std::vector<bool>(100, true));
    session->commit();
  }
  session->begin();
  EXPECT_EQ(session->insert_missing(many(51)).front(), false);
  session->rollback();
  EXPECT_EQ(database_.execute("SELECT count(*) FROM thing"), "200");
}

// COPY says only how many rows it wrote.
TEST_F(Policies, rows_that_a_trigger_drops_did_not_go_in_by_whatever_way) {
  database_.execute(
      "CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
      "IF right(new.id::text, 1) = ''7'' OR new.count = 13 THEN RETURN NULL; END IF; RETURN new; "
      "END'");
  database_.execute(
      "CREATE TRIGGER drops BEFORE INSERT OR UPDATE ON thing FOR EACH ROW "
      "EXECUTE FUNCTION drop_row()");
  const auto session = PostgresStorage{as_role()}.open_session();
  for (const std::uint64_t first : {1U, 101U}) {
    const Rows rows = many(first);
    session->begin();
    const std::vector<bool> inserted = session->insert_missing(rows);
    session->commit();
    for (std::size_t i = 0; i < inserted.size(); ++i) {
      EXPECT_EQ(inserted[i], (first + i) % 16 != 7) << first + i;
    }
  }
  Rows changes{thing_table()};
  for (const std::int32_t count : {12, 13}) {
    const auto cells = changes.add();
    cells[thing::id] = uuid_of(static_cast<std::uint64_t>(count));
    cells[thing::count] = count;
  }
  session->begin();
  EXPECT_EQ(session->update(changes), 1U);
  session->commit();
}

TEST_F(Policies, a_policy_that_refuses_a_row_blames_that_row_alone) {
  database_.execute("ALTER TABLE thing ENABLE ROW LEVEL SECURITY");
  database_.execute("CREATE POLICY recorder ON thing TO " + role_ +
                    " USING (true) WITH CHECK (right(id::text, 2) <> '07')");
  const auto session = PostgresStorage{as_role()}.open_session();
  session->begin();
  session->savepoint();
  const auto error = thrown<DataError>([&] { session->insert_missing(many(1)); });
  EXPECT_EQ(error.sqlstate(), "42501");
  EXPECT_EQ(error.reason(), "row_level_security");
  EXPECT_EQ(error.row(), 6U);
  expect_says(error.what(), {"row-level security policy", "a policy of row-level security"});
}

TEST_F(Policies, a_table_that_a_crash_empties_is_a_fault) {
  database_.execute("DROP TABLE mark; ALTER TABLE thing SET UNLOGGED");
  expect_says(examined(), {"fail table thing: thing is UNLOGGED", "ALTER TABLE thing SET LOGGED"});
}

TEST_F(Policies, what_no_statement_gets_past_is_a_fault_with_its_command) {
  database_.execute("CREATE RULE keep AS ON UPDATE TO thing DO ALSO NOTHING");
  expect_says(examined(), {"fail table thing: it has rules (keep)", "DROP RULE keep ON thing"});
  database_.execute("DROP RULE keep ON thing");
  database_.execute("ALTER TABLE thing ENABLE ROW LEVEL SECURITY");
  database_.execute("CREATE POLICY recorder ON thing TO " + role_ +
                    " USING (true) WITH CHECK (true)");
  database_.execute("ALTER ROLE " + role_ + " SET row_security = off");
  expect_says(examined(), {"fail table thing: row-level security is on and row_security is off",
                           "ALTER ROLE " + role_ + " RESET row_security"});
}

TEST_F(Policies, what_a_trigger_does_to_every_row_is_told_and_looking_leaves_nothing) {
  EXPECT_EQ(examined().find("table thing"), std::string::npos) << examined();
  database_.execute("CREATE TABLE audit (id uuid)");
  const auto trigger = [&](const std::string& when, const std::string& statement) {
    database_.execute(
        "CREATE OR REPLACE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN " +
        statement + "; RETURN NEW; END'");
    database_.execute("CREATE OR REPLACE TRIGGER audit " + when +
                      " ON thing FOR EACH ROW EXECUTE FUNCTION audit()");
  };
  trigger("AFTER INSERT", "INSERT INTO audit VALUES (NEW.id)");
  expect_says(examined(),
              {"fail table thing: a row that was written to try it was refused",
               "permission denied for table audit", "PL/pgSQL function audit() line 1"});
  EXPECT_EQ(examined().find("GRANT"), std::string::npos) << examined();
  database_.execute("GRANT INSERT ON audit TO " + role_);
  EXPECT_EQ(examined().find("table thing"), std::string::npos) << examined();
  EXPECT_EQ(database_.execute("SELECT count(*) FROM audit"), "0");
  trigger("BEFORE INSERT", "RAISE EXCEPTION ''not on Sundays''");
  expect_says(examined(), {"warn table thing: a row", "not on Sundays"});
  trigger("BEFORE INSERT", "RETURN NULL");
  expect_says(examined(), {"warn table thing: a row", "drops it without an error"});
  EXPECT_EQ(database_.execute("SELECT count(*) FROM thing"), "0");
}

TEST_F(Policies, what_the_encoding_lacks_is_named_and_refuses_its_row_alone) {
  using namespace std::string_view_literals;
  for (const char* encoding : {"LATIN1", "SQL_ASCII"}) {
    const std::string name = "other_" + std::to_string(getpid());
    database_.execute("CREATE DATABASE " + name + " ENCODING '" + encoding +
                      "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    StorageOptions options = database_.options();
    options.url += " dbname=" + name;
    {
      PostgresStorage storage{options};
      const std::array<const Table*, 2> tables{&thing_table(), &mark_table()};
      storage.prepare(tables, Creation::when_absent);
      std::string said;
      for (const Check& check : storage.examine(tables, Creation::never)) {
        if (check.what == "encoding") said = check.found + "; " + check.hint;
      }
      expect_says(said, {encoding, "untranslatable_character", "ENCODING 'UTF8'"});
      const auto session = storage.open_session();
      Rows rows{thing_table()};
      add_thing(rows, 1);
      add_thing(rows, 2)[thing::body] = R"({"a": "\u65e5"})"sv;
      session->begin();
      session->savepoint();
      const auto error = thrown<DataError>([&] { session->insert_missing(rows); });
      EXPECT_EQ(error.reason(), "untranslatable_character") << error.what();
      EXPECT_EQ(error.row(), 1U) << error.what();
      session->rollback();
    }
    database_.execute("DROP DATABASE " + name);
  }
}

TEST_F(Policies, a_commit_that_does_not_wait_is_told_of_with_what_set_it) {
  database_.execute("ALTER ROLE " + role_ + " SET synchronous_commit = off");
  expect_says(examined(),
              {"synchronous_commit is off", "ALTER ROLE " + role_ + " RESET synchronous_commit"});
}

TEST_F(Policies, each_missing_privilege_is_named_with_its_command) {
  database_.execute("REVOKE INSERT ON thing FROM " + role_);
  expect_says(examined(), {"GRANT INSERT ON thing TO " + role_});
  database_.execute("GRANT INSERT (name, count) ON thing TO " + role_);
  expect_says(examined(),
              {"GRANT INSERT (id, made, owner, part, kind, spent, body) ON thing TO " + role_});
  database_.execute("GRANT INSERT (id, made, owner, part, kind, spent, body) ON thing TO " + role_);
  EXPECT_EQ(examined().find("fail"), std::string::npos) << examined();
  const std::string schema = "prefect_" + role_;
  database_.execute("CREATE SCHEMA " + schema);
  database_.execute("ALTER TABLE thing SET SCHEMA " + schema);
  expect_says(examined(), {"GRANT USAGE ON SCHEMA " + schema + " TO " + role_});
  database_.execute("GRANT USAGE ON SCHEMA " + schema + " TO " + role_);
  expect_says(examined(), {"is in schema " + schema, "SET search_path = " + schema});
  expect_says(thrown<ConfigError>([&] { prepare(); }).what(), {"SET search_path = " + schema});
}

TEST_F(Policies, what_a_service_does_with_a_table_is_what_is_asked_for_and_tried) {
  database_.execute("REVOKE UPDATE ON thing FROM " + role_);
  EXPECT_EQ(examined().find("fail"), std::string::npos) << examined();
  Table used = thing_table();
  used.counters = {thing::count};
  used.erased = true;
  expect_says(examined(used), {"GRANT UPDATE, DELETE ON thing TO " + role_});
  database_.execute("GRANT UPDATE, DELETE ON thing TO " + role_);
  EXPECT_EQ(examined(used).find("fail"), std::string::npos) << examined(used);
  EXPECT_EQ(examined(used).find("refused"), std::string::npos) << examined(used);
  database_.execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN RAISE ''no deletion''; END'");
  database_.execute(
      "CREATE TRIGGER refuses BEFORE DELETE ON thing FOR EACH ROW EXECUTE FUNCTION refuse()");
  expect_says(examined(used),
              {"warn table thing: a row that was written to try it was refused", "no deletion"});
  EXPECT_EQ(database_.execute("SELECT count(*) FROM thing"), "0");
}

/// What a role's, a database's or a server's own setting refuses: setting, its end, SQLSTATE,
/// words.
struct Refusal {
  std::string setting;
  std::string undo;
  std::string sqlstate;
  std::vector<std::string> words;
};

TEST_F(Policies, a_refused_connection_says_which_limit_and_what_mends_it) {
  const std::string database = database_.execute("SELECT current_database()");
  const std::string on_role = "ALTER ROLE " + role_;
  const std::string on_database = "ALTER DATABASE " + database;
  const Refusal refusals[] = {
      {on_role + " CONNECTION LIMIT 0",
       on_role + " CONNECTION LIMIT -1",
       "53300",
       {"too many connections for role", "CONNECTION LIMIT"}},
      {on_database + " CONNECTION LIMIT 0",
       on_database + " CONNECTION LIMIT -1",
       "53300",
       {"too many connections for database", "CONNECTION LIMIT"}},
      {on_role + " NOLOGIN", on_role + " LOGIN", "28000", {"not permitted to log in"}},
      {"REVOKE CONNECT ON DATABASE " + database + " FROM public",
       "GRANT CONNECT ON DATABASE " + database + " TO public",
       "42501",
       {"permission denied for database", "CONNECT on the database"}},
      {on_role + " SET default_transaction_read_only = on",
       on_role + " RESET default_transaction_read_only",
       "",
       {"read-only", "default_transaction_read_only"}},
  };
  for (const Refusal& refusal : refusals) {
    database_.execute(refusal.setting);
    const auto session = PostgresStorage{as_role()}.open_session();
    const auto error = thrown<TransientError>([&] { session->begin(); });
    EXPECT_EQ(error.sqlstate(), refusal.sqlstate) << error.what();
    expect_says(error.what(), refusal.words);
    EXPECT_EQ(examined(), error.what()) << refusal.setting;
    EXPECT_EQ(std::string{error.what()}.find("sslrootcert"), std::string::npos);
    database_.execute(refusal.undo);
  }
  EXPECT_EQ(examined().find("fail"), std::string::npos) << examined();
}

TEST_F(Policies, options_that_the_server_refuses_blame_no_row) {
  for (const auto& [option, code] :
       {std::pair{"work_mem=none", "22023"}, std::pair{"no_such_thing=1", "42704"}}) {
    StorageOptions options = as_role();
    options.url += fmt::format(" options='-c {}'", option);
    const auto session = PostgresStorage{options}.open_session();
    const auto error = thrown<TransientError>([&] { session->begin(); });
    EXPECT_EQ(error.sqlstate(), code) << error.what();
    EXPECT_EQ(error.retry(), when_answerable);
  }
}

TEST_F(Policies, a_host_that_does_not_resolve_is_said_so_and_not_named) {
  StorageOptions options;
  options.url = "postgresql://me:secret@nowhere.invalid/prefect";
  const auto session = PostgresStorage{options}.open_session();
  const std::string said = thrown<TransientError>([&] { session->begin(); }).what();
  expect_says(said, {"does not resolve", "correct the host in storage.url"});
  EXPECT_EQ(said.find("nowhere"), std::string::npos) << said;
  EXPECT_EQ(said.find("sslrootcert"), std::string::npos) << said;
}

TEST_F(Policies, a_trigger_that_refuses_a_row_is_told_with_its_text) {
  database_.execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE EXCEPTION 'not on Sundays'; END $$; "
      "CREATE TRIGGER refuse BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION refuse()");
  const auto session = PostgresStorage{as_role()}.open_session();
  session->begin();
  const auto error = thrown<DataError>([&] { session->insert_missing(many(1)); });
  EXPECT_EQ(error.sqlstate(), "P0001");
  EXPECT_EQ(error.reason(), "raise_exception");
  expect_says(error.what(), {"not on Sundays", "a trigger", "PL/pgSQL function refuse() line 1"});
}

// Each is what a server itself says when it is in trouble.
TEST_F(Policies, a_function_that_fails_for_one_row_blames_that_row_alone_whatever_its_code) {
  const std::string raise = "RAISE EXCEPTION ''no'' USING ERRCODE = ''";
  const std::pair<std::string, std::string> functions[] = {
      {raise + "40001'';", "40001"},
      {raise + "53100'';", "53100"},
      {raise + "25006'';", "25006"},
      {raise + "08006'';", "08006"},
      {raise + "57014'';", "57014"},
      {raise + "23505'';", "23505"},
      {"INSERT INTO audit VALUES (NEW.id);", "42501"},
      {"PERFORM * FROM nowhere;", "42P01"},
      {"PERFORM nothing();", "42883"},
  };
  database_.execute("CREATE TABLE audit (id uuid)");
  Rows other{thing_table()};
  add_thing(other, 5000);
  for (const auto& [statement, code] : functions) {
    database_.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
        "IF right(NEW.id::text, 2) = ''07'' THEN " +
        statement + " END IF; RETURN NEW; END'");
    for (const char* when : {"BEFORE INSERT OR UPDATE ON thing", "AFTER INSERT ON thing"}) {
      database_.execute(
          fmt::format("CREATE TRIGGER refuse {} FOR EACH ROW EXECUTE FUNCTION refuse()", when));
      for (const std::size_t count : {20U, 100U}) {  // By INSERT, by COPY.
        Rows rows{thing_table()};
        for (std::uint64_t id = 1; id <= count; ++id) add_thing(rows, id, id);
        const auto session = PostgresStorage{as_role()}.open_session();
        session->begin();
        session->savepoint();
        const auto error = thrown<DataError>([&] { session->insert_missing(rows); });
        EXPECT_EQ(error.sqlstate(), code) << error.what();
        EXPECT_EQ(error.row(), 6U) << error.what();
        EXPECT_EQ(std::string{error.what()}.find("GRANT"), std::string::npos) << error.what();
        expect_says(error.what(), {"PL/pgSQL function refuse()"});
        session->rollback_to_savepoint();
        session->insert_missing(other);
        session->rollback();
      }
      database_.execute("DROP TRIGGER refuse ON thing");
    }
    database_.execute("DROP FUNCTION refuse");
  }
}

TEST_F(Policies, a_deferred_function_that_fails_at_commit_is_about_a_row) {
  database_.execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
      "''no'' USING ERRCODE = ''53100''; END'; "
      "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON thing DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION refuse()");
  const auto session = PostgresStorage{as_role()}.open_session();
  session->begin();
  session->insert_missing(many(1));
  EXPECT_EQ(thrown<DataError>([&] { session->commit(); }).sqlstate(), "53100");
}

}  // namespace
}  // namespace hangar::postgres
