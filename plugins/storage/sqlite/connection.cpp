#include "connection.hpp"

#include "failure.hpp"

namespace hangar::sqlite {
namespace {

constexpr std::size_t most_statements = 64;

// Which file and which statement; the statement holds names and no values.
std::string doing(sqlite3* database, std::string_view sql) {
  const char* file = sqlite3_db_filename(database, "main");
  return std::string{file == nullptr ? "" : file} + ": " + std::string{sql.substr(0, 60)};
}

// sqlite3_bind_text binds NULL for a null pointer, also when the length is 0.
const char* not_null(std::string_view text) noexcept { return text.data() ? text.data() : ""; }

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  handle_.reset(statement);
  if (code != SQLITE_OK) {
    raise(code, sqlite3_errmsg(database), doing(database, sql));
  }
}

void Statement::bind_text(int parameter, std::string_view text) {
  check(sqlite3_bind_text64(handle_.get(), parameter, not_null(text), text.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  check(
      sqlite3_bind_blob64(handle_.get(), parameter, not_null(bytes), bytes.size(), SQLITE_STATIC));
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  return false;
}

void Statement::run() {
  step();
  reset();
}

std::string_view Statement::text(int column) const noexcept {
  // The pointer first: it converts, and the length is that of what it converted to.
  const auto* text = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return {reinterpret_cast<const char*>(text), text == nullptr ? 0 : size};
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(code);
}

void Statement::fail(int code) const {
  sqlite3* database = sqlite3_db_handle(handle_.get());
  const std::string message = sqlite3_errmsg(database);
  sqlite3_reset(handle_.get());
  raise(code, message, doing(database, sqlite3_sql(handle_.get())));
}

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
  execute("PRAGMA cache_size=-16384");
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

Transaction::Transaction(Connection& connection, Mode mode) : connection_{connection} {
  connection_.execute(mode == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() { roll_back(connection_); }

bool roll_back(Connection& connection) noexcept {
  if (connection.in_transaction()) {
    sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return !connection.in_transaction();
}

}  // namespace hangar::sqlite
