#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "scratch_file.hpp"

namespace hangar::sqlite {
namespace {

using Texts = std::vector<std::string>;

const Table& count_table() {
  static const Table table{
      .name = "tally",
      .columns = {{"id", ColumnType::int4, false}, {"count", ColumnType::int4, false, "0"}},
      .indexes = {},
      .foreign_keys = {},
      .counters = {1},
      .erased = true};
  return table;
}

Rows counts(std::initializer_list<std::int32_t> ids) {
  Rows rows{count_table()};
  for (const std::int32_t id : ids) {
    const std::span<Cell> cells = rows.add();
    cells[0] = id;
    cells[1] = std::int32_t{1};
  }
  return rows;
}

/// A trigger refuses 13, and ends the statement or the transaction.
class Raise : public testing::TestWithParam<std::string_view> {
 protected:
  Raise() {
    const std::array<const Table*, 1> tables{&count_table()};
    storage_->prepare(tables, Creation::when_absent);
    session_ = storage_->open_session();
    session_->begin();
    session_->insert_missing(counts({1, 2, 3}));
    session_->commit();
    file_.query("CREATE TRIGGER t BEFORE INSERT ON tally WHEN new.id = 13 BEGIN SELECT RAISE(" +
                std::string{GetParam()} + ", 'not 13'); END");
    session_->begin();
  }

  /// Writes in every way, up to a savepoint, and then what is refused.
  void write_beside_refused() {
    const std::array counter{std::size_t{1}};
    session_->savepoint();
    session_->insert_missing(counts({4, 5}));
    session_->add(counts({1}), counter);
    session_->savepoint();
    session_->erase(count_table(), {{{.columns = {0}, .values = {2}}}});
    Rows change = counts({3});
    change[0][1] = 9;
    session_->update(change);
    session_->savepoint();
    session_->insert_missing(counts({6}));
    try {
      session_->insert_missing(counts({7, 13, 8}));
      ADD_FAILURE() << "nothing was refused";
    } catch (const DataError& error) {
      EXPECT_EQ(error.row(), 1U);
      EXPECT_EQ(error.reason(), "raise_exception");
    }
  }

  ScratchFile file_;
  std::unique_ptr<Storage> storage_ = file_.open_storage();
  std::unique_ptr<Session> session_;
};

TEST_P(Raise, the_row_is_refused_and_what_was_written_beside_it_stays) {
  write_beside_refused();
  session_->rollback_to_savepoint();
  session_->insert_missing(counts({7}));
  EXPECT_THROW(session_->insert_missing(counts({13})), DataError);
  session_->rollback_to_savepoint();
  session_->insert_missing(counts({8}));
  session_->commit();
  EXPECT_EQ(file_.query("SELECT id, count FROM tally ORDER BY id"),
            (Texts{"1|2", "3|9", "4|1", "5|1", "8|1"}));
}

INSTANTIATE_TEST_SUITE_P(Every, Raise, testing::Values("ABORT", "FAIL", "ROLLBACK"));

using RaiseRollback = Raise;

TEST_P(RaiseRollback, is_tried_again_where_somebody_else_wrote_in_between) {
  write_beside_refused();
  file_.query("INSERT INTO tally VALUES (99, 0)");
  EXPECT_THROW(session_->rollback_to_savepoint(), TransientError);
  session_->rollback();
  EXPECT_EQ(file_.query("SELECT count(*) FROM tally"), Texts{"4"});
}

TEST_P(RaiseRollback, is_tried_again_where_it_wrote_before_the_first_savepoint) {
  session_->insert_missing(counts({20}));
  write_beside_refused();
  EXPECT_THROW(session_->rollback_to_savepoint(), TransientError);
  session_->rollback();
  EXPECT_EQ(file_.query("SELECT count(*) FROM tally"), Texts{"3"});
}

INSTANTIATE_TEST_SUITE_P(Only, RaiseRollback, testing::Values("ROLLBACK"));

}  // namespace
}  // namespace hangar::sqlite
