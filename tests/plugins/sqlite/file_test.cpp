#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "connection.hpp"
#include "scratch_file.hpp"

namespace hangar::sqlite {
namespace {

namespace fs = std::filesystem;
using enum TransientError::Retry;
using namespace std::chrono_literals;

const Table& note_table() {
  static const Table table{
      .name = "note",
      .columns = {{"id", ColumnType::uuid, false}, {"text", ColumnType::text, false}},
      .indexes = {},
      .foreign_keys = {}};
  return table;
}

Rows notes(std::uint8_t first, std::size_t count, std::string_view text = "text") {
  Rows rows{note_table()};
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<Cell> cells = rows.add();
    Uuid id;
    id.bytes[0] = first;
    id.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
    id.bytes[2] = static_cast<std::uint8_t>(i);
    cells[0] = id;
    cells[1] = rows.keep(text);
  }
  return rows;
}

class File : public testing::Test {
 protected:
  void prepare(Creation creation = Creation::when_absent) {
    const std::array<const Table*, 1> tables{&note_table()};
    storage_->prepare(tables, creation);
  }

  void insert(Session& session, const Rows& rows) {
    session.begin();
    session.insert_missing(rows);
    session.commit();
  }

  template <class Call>
  void expect_transient(TransientError::Retry retry, Call call) {
    try {
      call();
      ADD_FAILURE() << "no failure";
    } catch (const TransientError& error) {
      EXPECT_EQ(error.retry(), retry) << error.what();
      EXPECT_NE(std::string_view{error.what()}.find(file_.folder().string()),
                std::string_view::npos)
          << error.what();
    }
  }

  /// What doctor says of faults and warnings, one a line.
  std::string findings() {
    const std::array<const Table*, 1> tables{&note_table()};
    std::string text;
    for (const Check& check : storage_->examine(tables, Creation::never)) {
      if (check.verdict == Check::Verdict::ok) continue;
      text += check.verdict == Check::Verdict::fail ? "fail " : "warn ";
      text += check.what + ": " + check.found + "; " + check.hint + '\n';
    }
    return text;
  }

  ScratchFile file_;
  std::unique_ptr<Storage> storage_ = file_.open_storage();
};

TEST_F(File, folders_are_made_and_are_writable_for_nobody_else) {
  fs::remove(file_.folder());
  const mode_t before = umask(0);
  prepare();
  umask(before);
  struct stat folder {};
  struct stat file {};
  ASSERT_EQ(stat(file_.folder().c_str(), &folder), 0);
  ASSERT_EQ(stat(file_.path().c_str(), &file), 0);
  EXPECT_EQ(folder.st_mode & 07777U, 0755U);
  EXPECT_EQ(file.st_mode & 0022U, 0U);
}

TEST_F(File, commits_go_to_a_write_ahead_log) {
  prepare();
  EXPECT_EQ(file_.query("PRAGMA journal_mode"), std::vector<std::string>{"wal"});
}

TEST_F(File, every_connection_waits_for_the_disk_and_checks_references) {
  Connection connection{file_.path(), OpenMode::create, 30ms};
  const std::pair<std::string_view, std::int64_t> pragmas[] = {
      {"PRAGMA synchronous", 2}, {"PRAGMA foreign_keys", 1}, {"PRAGMA busy_timeout", 30}};
  for (const auto& [pragma, value] : pragmas) {
    Statement statement{connection.handle(), pragma};
    ASSERT_TRUE(statement.step());
    EXPECT_EQ(statement.integer(0), value) << pragma;
  }
}

TEST_F(File, another_process_that_writes_is_waited_for_and_then_it_is_tried_again) {
  storage_ = file_.open_storage(30ms);
  prepare();
  const auto session = storage_->open_session();
  file_.query("BEGIN IMMEDIATE; INSERT INTO note VALUES ('x', 'x')");
  expect_transient(backoff, [&] { session->begin(); });
  session->rollback();
  file_.query("ROLLBACK");
  insert(*session, notes(1, 1));
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"1"});
}

TEST_F(File, another_lane_is_waited_for_no_longer_than_the_timeout) {
  storage_ = file_.open_storage(30ms);
  prepare();
  const auto first = storage_->open_session();
  const auto second = storage_->open_session();
  first->begin();
  expect_transient(backoff, [&] { second->begin(); });
  first->commit();
  insert(*second, notes(1, 1));
}

TEST_F(File, a_file_of_another_kind_is_left_alone) {
  const std::string bytes(8192, 'x');
  file_.write(bytes);
  for (const Creation creation : {Creation::never, Creation::when_absent}) {
    expect_transient(when_answerable, [&] { prepare(creation); });
  }
  EXPECT_EQ(file_.bytes(), bytes);
}

TEST_F(File, the_database_of_another_program_is_left_alone) {
  file_.query("CREATE TABLE bookmark (id INTEGER PRIMARY KEY); CREATE TABLE note (id CHAR(36))");
  file_.disconnect();
  const std::string bytes = file_.bytes();
  for (const Creation creation : {Creation::never, Creation::when_absent}) {
    EXPECT_THROW(prepare(creation), ConfigError);
  }
  EXPECT_EQ(file_.bytes(), bytes);
}

TEST_F(File, an_absent_file_is_not_made_when_no_table_may_be) {
  EXPECT_THROW(prepare(Creation::never), ConfigError);
  EXPECT_FALSE(fs::exists(file_.path()));
}

TEST_F(File, a_damaged_file_is_left_alone) {
  prepare();
  insert(*storage_->open_session(), notes(1, 500));
  storage_.reset();
  std::string bytes = file_.bytes();
  ASSERT_GT(bytes.size(), 8192U);
  std::fill(bytes.begin() + 4096, bytes.end(), 'x');
  file_.write(bytes);
  storage_ = file_.open_storage();
  const auto session = storage_->open_session();
  session->begin();
  expect_transient(when_answerable, [&] { session->insert_missing(notes(2, 1)); });
  session->rollback();
  storage_.reset();
  EXPECT_EQ(file_.bytes(), bytes);
}

TEST_F(File, a_folder_in_its_place_is_waited_out) {
  fs::create_directory(file_.path());
  expect_transient(when_answerable, [&] { prepare(); });
}

TEST_F(File, a_table_that_vanished_is_waited_for) {
  prepare();
  const auto session = storage_->open_session();
  file_.query("ALTER TABLE note RENAME TO gone");
  session->begin();
  expect_transient(when_answerable, [&] { session->insert_missing(notes(1, 1)); });
  session->rollback();
  file_.query("ALTER TABLE gone RENAME TO note");
  insert(*session, notes(1, 1));
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"1"});
}

TEST_F(File, nothing_is_committed_into_a_file_that_was_deleted) {
  prepare();
  const auto session = storage_->open_session();
  insert(*session, notes(1, 1));
  fs::remove(file_.path());
  fs::remove(file_.path().string() + "-wal");
  fs::remove(file_.path().string() + "-shm");
  expect_transient(when_answerable, [&] { session->begin(); });
  EXPECT_FALSE(fs::exists(file_.path()));
  prepare();
  insert(*session, notes(2, 1));
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"1"});
}

TEST_F(File, a_commit_into_a_file_that_was_deleted_meanwhile_is_no_success) {
  prepare();
  const auto session = storage_->open_session();
  session->begin();
  session->insert_missing(notes(1, 1));
  fs::remove(file_.path());
  expect_transient(backoff, [&] { session->commit(); });
  session->rollback();
}

/// A file of more bytes cannot be written while it lives, as on a full disk.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{200'000, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

TEST_F(File, a_full_disk_is_waited_out_and_leaves_nothing_behind) {
  prepare();
  const auto session = storage_->open_session();
  insert(*session, notes(1, 1));
  {
    const FullDisk full;
    expect_transient(when_answerable,
                     [&] { insert(*session, notes(2, 5'000, std::string(1'000, 'x'))); });
    session->rollback();
  }
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"1"});
  insert(*session, notes(2, 5'000, std::string(1'000, 'x')));
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"5001"});
}

TEST_F(File, a_trigger_that_fails_for_one_row_blames_that_row_and_a_changed_schema_none) {
  prepare();
  file_.query(
      "CREATE TRIGGER t BEFORE INSERT ON note WHEN NEW.text = 'bad' BEGIN SELECT json('{'); END");
  const auto session = storage_->open_session();
  session->begin();
  session->savepoint();
  Rows rows = notes(1, 3);
  rows[1][1] = std::string_view{"bad"};
  try {
    session->insert_missing(rows);
    ADD_FAILURE() << "it went in";
  } catch (const DataError& error) {
    EXPECT_EQ(error.row(), 1U) << error.what();
    EXPECT_EQ(error.reason(), "unknown") << error.what();
  }
  session->rollback_to_savepoint();
  session->insert_missing(notes(2, 1));
  session->commit();
  file_.query("DROP TABLE note");
  expect_transient(when_answerable, [&] { insert(*session, notes(3, 1)); });
  session->rollback();
}

TEST_F(File, what_refuses_every_row_is_a_finding_and_looking_leaves_nothing) {
  prepare();
  EXPECT_EQ(findings(), "");
  {
    const FullDisk full;
    EXPECT_NE(findings().find("fail file: no 1 MiB can be written"), std::string::npos);
  }
  file_.query("CREATE TRIGGER t BEFORE INSERT ON note BEGIN SELECT RAISE(ABORT, 'no note'); END");
  EXPECT_NE(findings().find("warn table note: a row that was written to try it was refused"),
            std::string::npos);
  EXPECT_NE(findings().find("no note"), std::string::npos) << findings();
  file_.query("DROP TRIGGER t");
  file_.query("CREATE TRIGGER t AFTER INSERT ON note BEGIN INSERT INTO gone VALUES (1); END");
  EXPECT_NE(findings().find("fail table note"), std::string::npos) << findings();
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"0"});
}

TEST_F(File, calls_outside_of_a_transaction_are_refused) {
  prepare();
  const auto session = storage_->open_session();
  EXPECT_THROW(session->insert_missing(notes(1, 1)), std::logic_error);
  EXPECT_THROW(session->commit(), std::logic_error);
  session->begin();
  EXPECT_THROW(session->begin(), std::logic_error);
  session->commit();
}

TEST_F(File, after_a_failure_nothing_can_be_committed) {
  prepare();
  const auto session = storage_->open_session();
  session->begin();
  session->insert_missing(notes(1, 1));
  Rows without_text = notes(2, 1);
  without_text[0][1] = Cell::null();
  EXPECT_THROW(session->insert_missing(without_text), DataError);
  EXPECT_THROW(session->insert_missing(notes(3, 1)), std::logic_error);
  EXPECT_THROW(session->commit(), std::logic_error);
  session->rollback();
  EXPECT_EQ(file_.query("SELECT count(*) FROM note"), std::vector<std::string>{"0"});
}

}  // namespace
}  // namespace hangar::sqlite
