#include "sqlite_storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <optional>
#include <system_error>
#include <thread>

#include "database_path.hpp"
#include "dialect.hpp"
#include "hangar/try_rows.hpp"
#include "schema.hpp"
#include "sqlite_session.hpp"

namespace hangar::sqlite {
namespace {

using namespace std::chrono_literals;

namespace fs = std::filesystem;

// The writer's turn, given back at the end of the scope.
class Turn {
 public:
  explicit Turn(Writer& writer) : writer_{writer} { writer_.enter(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { writer_.leave(); }

 private:
  Writer& writer_;
};

// Rolled back at the end of the scope, unless it was committed before.
class Transaction {
 public:
  Transaction(Connection& connection, std::string_view begin) : connection_{connection} {
    connection_.execute(begin);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { connection_.roll_back(); }
  void commit() { connection_.execute("COMMIT"); }

 private:
  Connection& connection_;
};

// So that the new folder is still there after a loss of power.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void create_folder(const fs::path& folder) {
  if (fs::is_directory(folder)) return;
  create_folder(folder.parent_path());
  // Writable for nobody else, whatever the umask.
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    throw TransientError{fmt::format("SQLite: creating the folder {}: {}: name another path in "
                                     "storage.url, or create it for this user",
                                     folder.string(), std::generic_category().message(errno)),
                         TransientError::Retry::when_answerable};
  }
  sync_folder(folder.parent_path());
}

[[noreturn]] void refuse_absent(const fs::path& path, const Table& table) {
  throw ConfigError{fmt::format(
      "SQLite: table {} with its column {} is not in {}: let the program that owns the file create "
      "it first (for Prefect's tables: `prefect server database upgrade -y`), or set "
      "storage.create_tables: true",
      table.name, table.columns.front().name, path.string())};
}

void create_absent(Connection& connection, std::span<const Table* const> tables) {
  // Anew, because another process may have created them in the meantime.
  Transaction transaction{connection, "BEGIN IMMEDIATE"};
  for (const Table* table : check_tables(connection, tables)) {
    for (const std::string& statement : create_statements(*table)) connection.execute(statement);
  }
  transaction.commit();
}

// Before this nothing of an existing file has been changed.
void use_write_ahead_log(Connection& connection) {
  Statement statement{connection.handle(), "PRAGMA journal_mode=WAL"};
  if (statement.step() && statement.text(0) == "wal") return;
  throw TransientError{
      "SQLite: the file system cannot hold a write-ahead log: put the file of "
      "storage.url on a local disk",
      TransientError::Retry::when_answerable};
}

// Two that begin with it at once: SQLite refuses one of them and does not wait, whatever its busy
// timeout, for each waits for the other.
void begin_write_ahead_log(Connection& connection) {
  for (const auto until = std::chrono::steady_clock::now() + 1s;;) {
    try {
      use_write_ahead_log(connection);
      return;
    } catch (const TransientError& error) {
      const bool busy = error.retry() == TransientError::Retry::backoff;
      if (!busy || std::chrono::steady_clock::now() > until) throw;
    }
    std::this_thread::sleep_for(5ms);
  }
}

void prepare_file(Writer& writer, std::span<const Table* const> tables, Creation creation) {
  OpenMode mode = OpenMode::existing;
  if (!tables.empty() && !is_there(writer.path())) {
    if (creation == Creation::never) refuse_absent(writer.path(), *tables.front());
    create_folder(writer.path().parent_path());
    mode = OpenMode::create;
  }
  Connection& connection = writer.fresh_connection(mode);
  std::vector<const Table*> absent;
  {
    const Transaction one_view{connection, "BEGIN"};
    absent = check_tables(connection, tables);
  }
  if (!absent.empty() && creation == Creation::never) {
    refuse_absent(writer.path(), *absent.front());
  }
  begin_write_ahead_log(connection);
  if (!absent.empty()) create_absent(connection, tables);
}

/// Whether the table is there and takes what is declared.
bool examine_table(Connection& connection, const fs::path& path, const Table& table,
                   std::span<const Table* const> tables, Creation creation,
                   std::vector<Check>& checks) {
  using enum Check::Verdict;
  const std::string what = fmt::format("table {}", table.name);
  try {
    check_declaration(table, tables);
    const bool absent = !check_table(connection, table, tables);
    if (absent && creation == Creation::never) refuse_absent(path, table);
    if (absent) {
      checks.push_back({ok, what, "there is none yet; Hangar creates it"});
      return false;
    }
    std::vector<Check> of_indexes = check_indexes(table, missing_indexes(connection, table));
    if (std::ranges::count(of_indexes, warn, &Check::verdict) == 0) {
      checks.push_back({ok, what, "columns and indexes are as they should be"});
    }
    std::ranges::move(of_indexes, std::back_inserter(checks));
    return true;
  } catch (const ConfigError& error) {
    checks.push_back({fail, what, error.what()});
    return false;
  }
}

/// Why nothing much can be written in the folder at present: it is full, or over a quota or limit.
std::optional<std::string> refuses_writes(const fs::path& folder) {
  constexpr off_t room_needed = 1 << 20;
  const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  // Not every file system has such files, and whether this user may create any is seen elsewhere.
  if (descriptor < 0) return std::nullopt;
  const int failed = ::posix_fallocate(descriptor, 0, room_needed);
  ::close(descriptor);
  if (failed != ENOSPC && failed != EDQUOT && failed != EFBIG && failed != EIO) return std::nullopt;
  return fmt::format("no {} MiB can be written in {}: {}", room_needed >> 20, folder.string(),
                     std::generic_category().message(failed));
}

}  // namespace

SqliteStorage::SqliteStorage(const StorageOptions& options)
    : writer_{std::make_shared<Writer>(database_path(options.url), options.statement_timeout)} {
  sqlite::check_place(writer_->path(), Creation::when_absent);
}

void SqliteStorage::check_place(Creation creation) const {
  sqlite::check_place(writer_->path(), creation);
}

void SqliteStorage::prepare(std::span<const Table* const> tables, Creation creation) {
  for (const Table* table : tables) check_declaration(*table, tables);
  const Turn turn{*writer_};
  try {
    prepare_file(*writer_, tables, creation);
  } catch (...) {
    writer_->drop();
    throw;
  }
}

std::vector<Check> SqliteStorage::examine(std::span<const Table* const> tables, Creation creation) {
  using enum Check::Verdict;
  std::vector<Check> checks{{ok, "sqlite", fmt::format("SQLite {}", sqlite3_libversion())}};
  const std::string path = writer_->path().string();
  const auto full = refuses_writes(writer_->path().parent_path());
  if (full) checks.push_back({fail, "file", *full, "free some disk space, or raise the limit"});
  if (!is_there(writer_->path())) {
    checks.push_back(creation == Creation::when_absent
                         ? Check{ok, "file", path + " is not there yet; Hangar creates it"}
                         : Check{fail, "file", path + " is not there",
                                 "let the program that owns the file create it first, or set "
                                 "storage.create_tables: true"});
    return checks;
  }
  bool complete = true;
  {
    const Turn turn{*writer_};
    // Which it can only be for writing.
    Connection connection{writer_->path(), OpenMode::existing, writer_->patience()};
    if (!full) checks.push_back({ok, "file", path + " can be written"});
    checks.push_back({ok, "durability", "every transaction is synced before its events are acked"});
    for (const Table* table : tables) {
      const bool found =
          examine_table(connection, writer_->path(), *table, tables, creation, checks);
      complete = complete && found;
    }
  }
  if (complete && !full) {
    std::ranges::move(try_rows(*open_session(), tables), std::back_inserter(checks));
  }
  return checks;
}

std::unique_ptr<Session> SqliteStorage::open_session() {
  // The connection is opened, or found to be impossible, when a transaction begins: another session
  // may have the turn now.
  return std::make_unique<SqliteSession>(writer_);
}

}  // namespace hangar::sqlite
