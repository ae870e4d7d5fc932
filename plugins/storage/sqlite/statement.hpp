#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace hangar::sqlite {

/// One prepared statement. Bound text and blobs are not copied: they live until `reset` or the next
/// bind. Parameters and columns count as SQLite counts them, from 1 and from 0. Every failure
/// throws what failure.hpp says.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  void bind_null(int parameter) { check(sqlite3_bind_null(handle_.get(), parameter)); }
  void bind_int(int parameter, std::int64_t value) {
    check(sqlite3_bind_int64(handle_.get(), parameter, value));
  }
  void bind_double(int parameter, double value) {
    check(sqlite3_bind_double(handle_.get(), parameter, value));
  }
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);

  /// True when there is a row to read, false when the statement is done.
  bool step();
  /// Steps a statement that gives no rows, and makes it ready for the next values.
  void run();
  /// Ready for the next values, whatever happened before.
  void reset() noexcept { sqlite3_reset(handle_.get()); }

  /// Whether it can be prepared anew: not after a change of the schema that it does not fit.
  [[nodiscard]] bool stands() const noexcept;

  [[nodiscard]] bool is_null(int column) const noexcept {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }
  [[nodiscard]] bool is_integer(int column) const noexcept {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_INTEGER;
  }
  [[nodiscard]] std::int64_t integer(int column) const noexcept {
    return sqlite3_column_int64(handle_.get(), column);
  }
  [[nodiscard]] double number(int column) const noexcept {
    return sqlite3_column_double(handle_.get(), column);
  }
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view blob(int column) const noexcept;
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

}  // namespace hangar::sqlite
