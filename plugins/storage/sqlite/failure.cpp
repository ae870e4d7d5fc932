#include "failure.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <string>

namespace hangar::sqlite {
namespace {

using enum TransientError::Retry;

Failure classify_constraint(int extended_code) noexcept {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {conflict, "another writer was first: the keys are looked up again"};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {"foreign_key", "the row that it refers to is not stored (yet, or any more)"};
    case SQLITE_CONSTRAINT_NOTNULL:
      return {"not_null", "the column needs a value"};
    case SQLITE_CONSTRAINT_CHECK:
      return {"check", "the value breaks a CHECK of the table"};
    case SQLITE_CONSTRAINT_TRIGGER:
      return {"raise_exception", "a trigger of this database refuses it"};
    default:
      return {"unknown", "the row breaks a constraint of the table"};
  }
}

}  // namespace

Failure classify(int extended_code) noexcept {
  switch (extended_code & 0xff) {
    case SQLITE_CONSTRAINT:
      return classify_constraint(extended_code);
    case SQLITE_TOOBIG:
      return {"out_of_range", "the value is longer than SQLite can hold"};
    case SQLITE_MISMATCH:
      return {"invalid_text", "the value is not of the column's type"};
    case SQLITE_FULL:
      return {when_answerable, "free some disk space"};
    case SQLITE_IOERR:
      return {when_answerable, "check the disk and its file system"};
    case SQLITE_READONLY:
      return {when_answerable, "make the file and its folder writable for this user"};
    case SQLITE_CANTOPEN:
      return {when_answerable, "check that the path exists and that this user may open it"};
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {when_answerable, "give this user access to the file"};
    case SQLITE_CORRUPT:
      return {when_answerable, "restore the file from a backup; it was not touched"};
    case SQLITE_NOTADB:
      return {when_answerable, "storage.url names a file of another kind; it was not touched"};
    case SQLITE_ERROR:
      return {when_answerable, "check that tables and columns are those of this version"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {backoff, "another process holds the file"};
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
    case SQLITE_SCHEMA:
      return {backoff, "it is tried again"};
    default:
      return {unknown, "it is tried again"};
  }
}

void raise(int extended_code, std::string_view message, std::string_view doing) {
  const Failure failure = classify(extended_code);
  const std::string what =
      fmt::format("SQLite: {}: {} (code {}): {}", doing, message, extended_code, failure.advice);
  const std::string code = std::to_string(extended_code);
  if (const auto* reason = std::get_if<std::string_view>(&failure.verdict)) {
    throw DataError{std::string{*reason}, what, {}, code};
  }
  throw TransientError{what, std::get<TransientError::Retry>(failure.verdict), code};
}

}  // namespace hangar::sqlite
