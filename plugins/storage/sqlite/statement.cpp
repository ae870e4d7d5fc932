#include "statement.hpp"

#include <string>

#include "failure.hpp"

namespace hangar::sqlite {
namespace {

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

bool Statement::stands() const noexcept {
  sqlite3_stmt* again = nullptr;
  const int code = sqlite3_prepare_v2(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()),
                                      -1, &again, nullptr);
  sqlite3_finalize(again);
  return code == SQLITE_OK;
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

std::string_view Statement::blob(int column) const noexcept {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
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

}  // namespace hangar::sqlite
