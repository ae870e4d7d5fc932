#include <string>
#include <thread>

#include "database.hpp"
#include "hangar/error.hpp"
#include "postgres_storage.hpp"

namespace hangar::postgres {
namespace {

/// Beside an open transaction that merely inserted a row that refers to thing 1.
class Locks : public ServerTest {
 protected:
  Locks() {
    store_thing(1, 5, "a");
    StorageOptions options = database_.options();
    options.statement_timeout = std::chrono::milliseconds{1'000};
    impatient_ = PostgresStorage{options}.open_session();
    Rows rows{mark_table()};
    const std::span<Cell> cells = rows.add();
    cells[mark::id] = uuid_of(1);
    cells[mark::thing_id] = uuid_of(1);
    session_->begin();
    session_->insert_missing(rows);
  }

  std::unique_ptr<Session> impatient_;
};

TEST_F(Locks, find_and_update_do_not_wait_for_those_who_refer_to_the_row) {
  impatient_->begin();
  const std::vector<Keys> keys{by_id(1)};
  const std::vector<std::size_t> columns{thing::name};
  EXPECT_EQ(impatient_->find(thing_table(), keys, columns, Lock::rows).size(), 1U);
  impatient_->update(update_of(1, thing::count, 2));
  impatient_->commit();
  EXPECT_EQ(database_.execute("SELECT count FROM thing"), "2");
}

TEST_F(Locks, an_update_of_a_key_does_and_gives_up_in_time) {
  impatient_->begin();
  const auto error = thrown<TransientError>(
      [&] { impatient_->update(update_of(1, thing::part, std::string_view{"b"})); });
  EXPECT_EQ(error.retry(), TransientError::Retry::locked);
}

TEST_F(Locks, rows_that_somebody_else_has_locked_are_skipped_and_are_there_all_the_same) {
  session_->rollback();
  store_thing(2, 6, "b");
  Keys keys = by_id(1);
  keys.values.emplace_back(uuid_of(2));
  const std::vector<std::size_t> columns{thing::id};
  session_->begin();
  session_->find(thing_table(), {{by_id(1)}}, columns, Lock::rows);
  impatient_->begin();
  const Rows free = impatient_->find(thing_table(), {{keys}}, columns, Lock::skip_locked);
  ASSERT_EQ(free.size(), 1U);
  EXPECT_EQ(free[0][thing::id], Cell{uuid_of(2)});
  EXPECT_EQ(impatient_->find(thing_table(), {{keys}}, columns, Lock::none).size(), 2U);
}

TEST_F(Locks, after_a_savepoint_nobody_waits_for_long_and_the_transaction_goes_on) {
  const std::vector<std::size_t> columns{thing::id};
  session_->rollback();
  session_->begin();
  session_->find(thing_table(), {{by_id(1)}}, columns, Lock::rows);
  StorageOptions options = database_.options();
  options.statement_timeout = std::chrono::minutes{10};
  const auto patient = PostgresStorage{options}.open_session();
  patient->begin();
  patient->savepoint();
  const auto error = thrown<TransientError>(
      [&] { patient->find(thing_table(), {{by_id(1)}}, columns, Lock::rows); });
  EXPECT_EQ(error.sqlstate(), "55P03");
  patient->rollback_to_savepoint();
  EXPECT_EQ(patient->find(thing_table(), {{by_id(1)}}, columns, Lock::none).size(), 1U);
  patient->commit();
}

TEST_F(Locks, a_locked_row_cannot_be_deleted) {
  const std::vector<Keys> keys{by_id(1)};
  const std::vector<std::size_t> columns{thing::name};
  session_->rollback();
  impatient_->begin();
  impatient_->find(thing_table(), keys, columns, Lock::rows);
  database_.execute("SET lock_timeout = '50ms'");
  EXPECT_THROW(database_.execute("DELETE FROM thing"), std::runtime_error);
  impatient_->rollback();
  EXPECT_NO_THROW(database_.execute("DELETE FROM thing"));
}

/// Things 1 to 4, one of them locked.
class SliceLocks : public ServerTest {
 protected:
  SliceLocks() {
    for (const unsigned id : {1U, 2U, 3U, 4U}) store_thing(id, id, "a");
    session_->begin();
  }

  /// How many are deleted of a slice of `limit` by somebody who waits until `session_` commits.
  std::size_t erased_beside(std::size_t limit) {
    std::size_t erased = 0;
    std::jthread other{[&] {
      const auto session = open_session();
      for (bool done = false; !done;) {
        try {
          session->begin();
          erased = session->erase(thing_table(), range_, limit);
          session->commit();
          done = true;
        } catch (const TransientError& error) {
          EXPECT_EQ(error.retry(), TransientError::Retry::locked) << error.what();
          session->rollback();
        }
      }
    }};
    while (database_.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                             " AND query LIKE 'DELETE%'") == "0") {
      std::this_thread::yield();
    }
    session_->commit();
    other.join();
    return erased;
  }
  std::string stored() {
    return database_.execute("SELECT string_agg(right(id::text, 1), ',' ORDER BY id) FROM thing");
  }

  Range range_{.column = thing::count, .before = 10};
};

TEST_F(SliceLocks, a_row_that_leaves_the_range_while_it_is_waited_for_stays) {
  session_->update(update_of(1, thing::count, 50));
  EXPECT_EQ(erased_beside(3), 2U);
  EXPECT_EQ(stored(), "1,4");
}

TEST_F(SliceLocks, where_others_take_the_whole_slice_the_next_one_is_deleted) {
  EXPECT_EQ(session_->erase(thing_table(), range_, 2), 2U);
  EXPECT_EQ(erased_beside(2), 2U);
  EXPECT_EQ(stored(), "");
}

TEST_F(SliceLocks, what_a_trigger_keeps_is_no_reason_to_try_for_ever) {
  database_.execute(
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
      "CREATE TRIGGER keep BEFORE DELETE ON thing FOR EACH ROW EXECUTE FUNCTION keep()");
  EXPECT_EQ(session_->erase(thing_table(), range_, 2), 0U);
}

}  // namespace
}  // namespace hangar::postgres
