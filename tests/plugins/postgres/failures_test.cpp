#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <tuple>

#include "database.hpp"
#include "hangar/error.hpp"
#include "postgres_storage.hpp"
#include "wire_tap.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;
using enum TransientError::Retry;

class Failures : public ServerTest {
 protected:
  /// The reason why a row is refused that has `cell` in `column`.
  std::string reason(std::size_t column, const Cell& cell) {
    Rows rows{thing_table()};
    add_thing(rows, 1)[column] = cell;
    session_->begin();
    const DataError error = thrown<DataError>([&] { session_->insert_missing(rows); });
    session_->rollback();
    return error.reason();
  }

  std::string count_things() { return database_.execute("SELECT count(*) FROM thing"); }
};

TEST_F(Failures, what_the_server_refuses_has_its_reason) {
  using namespace std::string_view_literals;
  const std::string deep(60'000, '[');
  EXPECT_EQ(reason(thing::name, "a\0b"sv), "nul_byte");
  EXPECT_EQ(reason(thing::body, R"({"a": "\u0000"})"sv), "nul_byte");
  EXPECT_EQ(reason(thing::name, "\xff"sv), "invalid_text");
  EXPECT_EQ(reason(thing::body, R"({"a": "\ud800"})"sv), "invalid_text");
  EXPECT_EQ(reason(thing::body, "{"sv), "invalid_text");
  EXPECT_EQ(reason(thing::kind, "BLUE"sv), "invalid_text");
  EXPECT_EQ(reason(thing::body, "1e400000"sv), "out_of_range");
  EXPECT_EQ(reason(thing::body, std::string_view{deep}), "too_deep");
  EXPECT_EQ(reason(thing::part, Cell::null()), "not_null");
  database_.execute("ALTER TABLE thing ADD CHECK (count > 0)");
  EXPECT_EQ(reason(thing::count, 0), "check");
}

TEST_F(Failures, an_index_entry_may_be_too_large) {
  // Random letters, for repeated ones are compressed.
  const std::string letters = database_.execute(
      "SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) AS numbers(i)");
  EXPECT_EQ(reason(thing::part, std::string_view{letters}), "index_row_too_large");
}

TEST_F(Failures, an_orphan_names_its_constraint) {
  Rows rows{mark_table()};
  const std::span<Cell> cells = rows.add();
  cells[mark::id] = uuid_of(1);
  cells[mark::thing_id] = uuid_of(99);
  session_->begin();
  const DataError error = thrown<DataError>([&] { session_->insert_missing(rows); });
  EXPECT_EQ(error.reason(), "foreign_key");
  EXPECT_EQ(error.sqlstate(), "23503");
  EXPECT_NE(std::string{error.what()}.find("fk_mark__thing_id__thing"), std::string::npos);
}

TEST_F(Failures, a_refused_row_leaves_a_session_that_works) {
  for (int i = 0; i < 3; ++i) reason(thing::count, Cell::null());
  store_thing(1);
  EXPECT_EQ(count_things(), "1");
}

TEST_F(Failures, a_lost_key_race_is_tried_again_at_once) {
  store_thing(1, 5, "a");
  store_thing(2, 5, "b");
  session_->begin();
  const auto error = thrown<TransientError>(
      [&] { session_->update(update_of(2, thing::part, std::string_view{"a"})); });
  EXPECT_EQ(error.retry(), conflict);
  EXPECT_EQ(error.sqlstate(), "23505");
}

TEST_F(Failures, a_killed_session_says_reconnect_and_begin_does_so) {
  session_->begin();
  session_->update(update_of(1, thing::count, 1));
  terminate_sessions();
  const auto error =
      thrown<TransientError>([&] { session_->update(update_of(1, thing::count, 2)); });
  EXPECT_EQ(error.retry(), reconnect);
  session_->rollback();
  store_thing(1);
  EXPECT_EQ(count_things(), "1");
}

TEST_F(Failures, a_session_killed_between_transactions_is_not_noticed) {
  store_thing(1);
  terminate_sessions();
  store_thing(2);
  EXPECT_EQ(count_things(), "2");
}

TEST_F(Failures, a_session_killed_before_the_commit_leaves_nothing) {
  Rows rows{thing_table()};
  add_thing(rows, 1);
  session_->begin();
  session_->insert_missing(rows);
  terminate_sessions();
  EXPECT_EQ(thrown<TransientError>([&] { session_->commit(); }).retry(), reconnect);
  EXPECT_EQ(count_things(), "0");
}

TEST_F(Failures, a_commit_whose_answer_is_lost_is_in_doubt) {
  WireTap tap{database_.server_port()};
  const auto session = open_session(tap.port());
  Rows rows{thing_table()};
  add_thing(rows, 1);
  session->begin();
  session->insert_missing(rows);
  tap.cut_after_commit();
  EXPECT_EQ(thrown<TransientError>([&] { session->commit(); }).retry(), reconnect);
  EXPECT_EQ(count_things(), "1");
  session->begin();
  EXPECT_EQ(session->insert_missing(rows), std::vector<bool>{false});
  session->commit();
}

TEST_F(Failures, a_server_that_says_nothing_is_given_up) {
  WireTap tap{database_.server_port()};
  ConnectionOptions options = database_.connection_options();
  options["port"] = std::to_string(tap.port());
  options["sslmode"] = options["gssencmode"] = "disable";
  Connection connection{options, 1s};
  connection.send("SELECT 1");
  EXPECT_EQ(connection.finish("ask").size(), 1U);
  tap.go_silent();
  connection.send("SELECT 1");
  EXPECT_EQ(thrown<TransientError>([&] { std::ignore = connection.finish("ask"); }).retry(),
            reconnect);
  EXPECT_FALSE(connection.usable());
}

/// While it lives, every commit on the server waits for a standby that does not exist.
class AbsentStandby {
 public:
  explicit AbsentStandby(Database& database) : database_{database} {
    database_.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    database_.execute("SELECT pg_reload_conf()");
  }
  AbsentStandby(const AbsentStandby&) = delete;
  AbsentStandby& operator=(const AbsentStandby&) = delete;
  ~AbsentStandby() {
    database_.execute("ALTER SYSTEM RESET synchronous_standby_names");
    database_.execute("SELECT pg_reload_conf()");
  }

 private:
  Database& database_;
};

TEST_F(Failures, a_commit_that_no_standby_has_is_not_durable) {
  const AbsentStandby absent{database_};
  auto canceller = std::async(std::launch::async, [&] {
    while (database_.execute("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
                             "WHERE wait_event = 'SyncRep' AND datname = current_database()") ==
           "0") {
      std::this_thread::yield();
    }
  });
  const auto error = thrown<TransientError>([&] {
    // The server heeds its new settings some time after it was told of them.
    for (std::uint64_t id = 1; canceller.wait_for(0s) != std::future_status::ready; ++id) {
      store_thing(id);
    }
  });
  canceller.get();
  EXPECT_EQ(error.retry(), reconnect);
  EXPECT_EQ(error.sqlstate(), "01000");
}

TEST_F(Failures, a_statement_that_takes_too_long_is_tried_later) {
  store_thing(1);
  database_.execute(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$; "
      "CREATE TRIGGER slow BEFORE UPDATE ON thing FOR EACH ROW EXECUTE FUNCTION slow()");
  StorageOptions options = database_.options();
  options.statement_timeout = 100ms;
  const auto session = PostgresStorage{options}.open_session();
  session->begin();
  const auto error =
      thrown<TransientError>([&] { session->update(update_of(1, thing::count, 2)); });
  EXPECT_EQ(error.retry(), backoff);
  EXPECT_EQ(error.sqlstate(), "57014");
}

TEST_F(Failures, a_schema_that_changed_stops_and_blames_no_row) {
  store_thing(1);
  database_.execute("ALTER TABLE thing RENAME COLUMN name TO title");
  session_->begin();
  EXPECT_EQ(
      thrown<TransientError>([&] { session_->update(update_of(1, thing::count, 2)); }).retry(),
      when_answerable);
}

TEST_F(Failures, a_wrong_password_waits_for_a_person_and_is_not_shown) {
  StorageOptions options = database_.options();
  database_.execute("CREATE ROLE nologin_" + std::to_string(getpid()));
  options.url += " password=hunter2 user=nologin_" + std::to_string(getpid());
  const std::array<const Table*, 1> tables{&thing_table()};
  PostgresStorage storage{options};
  const auto error = thrown<TransientError>([&] { storage.prepare(tables, Creation::never); });
  database_.execute("DROP ROLE nologin_" + std::to_string(getpid()));
  EXPECT_EQ(error.retry(), when_answerable);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_EQ(std::string{error.what()}.find("hunter2"), std::string::npos);
}

TEST_F(Failures, a_database_that_is_not_there_waits_for_a_person) {
  StorageOptions options = database_.options();
  options.url += " dbname=nowhere";
  const auto session = PostgresStorage{options}.open_session();
  EXPECT_EQ(thrown<TransientError>([&] { session->begin(); }).retry(), when_answerable);
}

TEST_F(Failures, no_server_at_all_is_transient) {
  const int port = WireTap{database_.server_port()}.port();  // free again
  const auto error = thrown<TransientError>([&] { open_session(port)->begin(); });
  EXPECT_EQ(error.retry(), reconnect);
  EXPECT_NE(std::string{error.what()}.find("127.0.0.1"), std::string::npos);
}

}  // namespace
}  // namespace hangar::postgres
