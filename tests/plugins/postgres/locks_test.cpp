#include <string>

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
  store_thing(2, 6, "b");
  Keys keys = by_id(1);
  keys.values.emplace_back(uuid_of(2));
  const std::vector<std::size_t> columns{thing::id};
  session_->rollback();
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

}  // namespace
}  // namespace hangar::postgres
