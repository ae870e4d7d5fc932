#include "connection.hpp"

#include "failure.hpp"

namespace hangar::sqlite {
namespace {

constexpr std::size_t most_statements = 64;

}  // namespace

Connection::Connection(const std::filesystem::path& path, OpenMode mode,
                       std::chrono::milliseconds busy_timeout) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == OpenMode::create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  handle_.reset(database);
  const std::string opening = "opening " + path.string();
  if (code != SQLITE_OK) {
    raise(code, database == nullptr ? "out of memory" : sqlite3_errmsg(database), opening);
  }
  // SQLite falls back to reading when it may not write.
  if (sqlite3_db_readonly(database, "main") == 1) {
    raise(SQLITE_READONLY, "the file is read-only", opening);
  }
  sqlite3_busy_timeout(database, static_cast<int>(busy_timeout.count()));
  execute("PRAGMA foreign_keys=ON");
  execute("PRAGMA synchronous=FULL");
  // Negative is SQLite's way to say KiB: the indexes of a large table need more than its 2 MiB, and
  // the service that writes them has 64 MiB in all.
  execute("PRAGMA cache_size=-8192");
}

void Connection::execute(std::string_view sql) {
  Statement statement{handle_.get(), sql};
  while (statement.step()) {
  }
}

Statement& Connection::prepared(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  if (statements_.size() >= most_statements) statements_.clear();
  return statements_.try_emplace(sql, handle_.get(), sql).first->second;
}

bool Connection::file_moved() const noexcept {
  int moved = 0;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

bool Connection::roll_back() noexcept {
  if (in_transaction()) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  return !in_transaction();
}

}  // namespace hangar::sqlite
