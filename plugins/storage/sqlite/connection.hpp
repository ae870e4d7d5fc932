#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hangar::sqlite {

/// One prepared statement. Bound text and blobs are not copied: they live until `reset` or the next
/// bind. Parameters and columns count as SQLite counts them, from 1 and from 0. Every failure
/// throws what failure.hpp says.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  void bind_null(int parameter) { check(sqlite3_bind_null(handle_.get(), parameter)); }
  void bind_int(int parameter, std::int32_t value) {
    check(sqlite3_bind_int(handle_.get(), parameter, value));
  }
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);

  /// True when there is a row to read, false when the statement is done.
  bool step();
  /// Steps a statement that gives no rows, and makes it ready for the next values.
  void run();
  /// Ready for the next values, whatever happened before.
  void reset() noexcept { sqlite3_reset(handle_.get()); }

  [[nodiscard]] bool is_null(int column) const noexcept {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const noexcept {
    return sqlite3_column_int64(handle_.get(), column);
  }
  /// Valid until the next step or reset; numbers are converted.
  [[nodiscard]] std::string_view text(int column) const noexcept;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  void check(int code) const;
  [[noreturn]] void fail(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

enum class OpenMode { existing, create };

/// One connection with the pragmas that durability needs: synchronous=FULL, foreign_keys=ON and a
/// busy timeout. Used by one thread at a time.
class Connection {
 public:
  /// Opens the file for writing. Throws TransientError; a file that is not to be created and is not
  /// there is SQLITE_CANTOPEN.
  Connection(const std::filesystem::path& path, OpenMode mode,
             std::chrono::milliseconds busy_timeout);

  /// Runs one statement that gives no rows.
  void execute(std::string_view sql);

  /// A statement that is kept for the next time. At most 64 are: then all are dropped, so the
  /// reference is valid until the next call.
  Statement& prepared(const std::string& sql);

  /// Rows that the last insert or update wrote.
  [[nodiscard]] int changes() const noexcept { return sqlite3_changes(handle_.get()); }
  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_.get()) == 0;
  }
  /// Whether the path no longer leads to the file that is open: what is written would be lost.
  [[nodiscard]] bool file_moved() const noexcept;
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };

  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, Statement> statements_;
};

/// BEGIN … COMMIT; rolls back when it is destroyed before `commit`.
class Transaction {
 public:
  enum class Mode { read, write };
  Transaction(Connection& connection, Mode mode);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit() { connection_.execute("COMMIT"); }

 private:
  Connection& connection_;
};

/// Ends whatever transaction is open; SQLite itself may have done so already. Tells whether the
/// connection is out of any transaction.
bool roll_back(Connection& connection) noexcept;

}  // namespace hangar::sqlite
