#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "statement.hpp"

namespace hangar::sqlite {

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
  /// Ends whatever transaction is open; SQLite itself may have done so already. False means that it
  /// could not, and that the connection is of no more use.
  bool roll_back() noexcept;
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

}  // namespace hangar::sqlite
