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
  EXPECT_EQ(error.retry(), TransientError::Retry::backoff);
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
