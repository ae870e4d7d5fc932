#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "hangar/storage.hpp"

/// How rows that are ready are written to SQLite: bound to prepared statements in a plain loop.
namespace hangar::bench {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
using Value = std::variant<std::monostate, std::int32_t, std::string>;

/// In the form in which a row has them, row by row; an update's primary key comes last.
[[nodiscard]] std::vector<Value> stored(const Rows& rows, bool key_last);
/// As durable as Hangar's connection. All of these throw std::runtime_error with SQLite's words.
[[nodiscard]] Database open_database(const char* path);
void execute(sqlite3* database, const std::string& sql);
[[nodiscard]] Statement prepare(sqlite3* database, const std::string& sql);
[[nodiscard]] std::string insert(const Table& table);
/// A step for each row.
void step_each(sqlite3* database, sqlite3_stmt* statement, const std::vector<Value>& values);

}  // namespace hangar::bench
