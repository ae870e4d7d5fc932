#include "failure.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace hangar::sqlite {
namespace {

using enum TransientError::Retry;

TEST(Failure, says_how_to_try_again) {
  const std::pair<int, TransientError::Retry> cases[] = {
      {SQLITE_BUSY, backoff},
      {SQLITE_BUSY_SNAPSHOT, backoff},
      {SQLITE_BUSY_RECOVERY, backoff},
      {SQLITE_BUSY_TIMEOUT, backoff},
      {SQLITE_LOCKED, backoff},
      {SQLITE_LOCKED_SHAREDCACHE, backoff},
      {SQLITE_NOMEM, backoff},
      {SQLITE_SCHEMA, backoff},
      {SQLITE_INTERRUPT, backoff},
      {SQLITE_PROTOCOL, backoff},
      {SQLITE_FULL, when_answerable},
      {SQLITE_IOERR, when_answerable},
      {SQLITE_IOERR_WRITE, when_answerable},
      {SQLITE_IOERR_FSYNC, when_answerable},
      {SQLITE_READONLY, when_answerable},
      {SQLITE_READONLY_DBMOVED, when_answerable},
      {SQLITE_CANTOPEN, when_answerable},
      {SQLITE_CANTOPEN_ISDIR, when_answerable},
      {SQLITE_CORRUPT, when_answerable},
      {SQLITE_CORRUPT_INDEX, when_answerable},
      {SQLITE_NOTADB, when_answerable},
      {SQLITE_PERM, when_answerable},
      {SQLITE_AUTH, when_answerable},
      {SQLITE_ERROR, when_answerable},
      {SQLITE_CONSTRAINT_UNIQUE, conflict},
      {SQLITE_CONSTRAINT_PRIMARYKEY, conflict},
      {SQLITE_CONSTRAINT_ROWID, conflict},
  };
  for (const auto& [code, retry] : cases) {
    const auto verdict = classify(code).verdict;
    ASSERT_TRUE(std::holds_alternative<TransientError::Retry>(verdict)) << code;
    EXPECT_EQ(std::get<TransientError::Retry>(verdict), retry) << code;
  }
}

TEST(Failure, says_when_the_row_is_at_fault) {
  const std::pair<int, std::string_view> cases[] = {
      {SQLITE_CONSTRAINT_FOREIGNKEY, "foreign_key"},
      {SQLITE_CONSTRAINT_NOTNULL, "not_null"},
      {SQLITE_CONSTRAINT_CHECK, "check"},
      {SQLITE_CONSTRAINT_TRIGGER, "raise_exception"},
      {SQLITE_CONSTRAINT, "unknown"},
      {SQLITE_TOOBIG, "out_of_range"},
      {SQLITE_MISMATCH, "invalid_text"},
  };
  for (const auto& [code, reason] : cases) {
    const auto verdict = classify(code).verdict;
    ASSERT_TRUE(std::holds_alternative<std::string_view>(verdict)) << code;
    EXPECT_EQ(std::get<std::string_view>(verdict), reason) << code;
  }
}

TEST(Failure, a_code_of_no_known_class_is_never_the_end_of_an_event) {
  for (int code = 1; code < 256; ++code) {
    const auto verdict = classify(code).verdict;
    const bool of_data =
        code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH;
    EXPECT_EQ(std::holds_alternative<std::string_view>(verdict), of_data) << code;
  }
}

TEST(Failure, what_is_thrown_names_the_code_and_the_remedy) {
  try {
    raise(SQLITE_FULL, "database or disk is full", "COMMIT");
  } catch (const TransientError& error) {
    EXPECT_EQ(error.sqlstate(), "13");
    EXPECT_STREQ(error.what(),
                 "SQLite: COMMIT: database or disk is full (code 13): free some disk space");
  }
  try {
    raise(SQLITE_CONSTRAINT_NOTNULL, "NOT NULL constraint failed: task_run.name", "INSERT");
  } catch (const DataError& error) {
    EXPECT_EQ(error.sqlstate(), "1299");
    EXPECT_EQ(error.reason(), "not_null");
    EXPECT_NE(std::string_view{error.what()}.find("task_run.name"), std::string_view::npos);
  }
  EXPECT_THROW(raise(SQLITE_BUSY, "", ""), TransientError);
  EXPECT_THROW(raise(SQLITE_CONSTRAINT_CHECK, "", ""), DataError);
}

}  // namespace
}  // namespace hangar::sqlite
