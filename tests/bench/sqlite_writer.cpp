#include "sqlite_writer.hpp"

#include <stdexcept>

#include "stored_form.hpp"

namespace hangar::bench {
namespace {

Value stored(const Cell& cell) {
  sqlite::FormBuffer buffer{};
  switch (cell.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return {};
    case Cell::Kind::uuid:
      return std::string{sqlite::write_uuid(cell.uuid(), buffer)};
    case Cell::Kind::int4:
      return cell.int4();
    case Cell::Kind::timestamp:
      return std::string{sqlite::write_time(cell.timestamp(), buffer).value()};
    case Cell::Kind::interval:
      return std::string{sqlite::write_interval(cell.interval(), buffer).value()};
    default:
      break;
  }
  return std::string{cell.text()};
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error{sqlite3_errmsg(database)};
}

}  // namespace

std::vector<Value> stored(const Rows& rows, bool key_last) {
  std::vector<Value> values;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto cells = rows[row];
    for (std::size_t i = key_last ? 1 : 0; i < cells.size(); ++i)
      values.push_back(stored(cells[i]));
    if (key_last) values.push_back(stored(cells[0]));
  }
  return values;
}

Database open_database(const char* path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database{opened};
  check(opened, code);
  execute(opened,
          "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; "
          "PRAGMA cache_size=-16384");
  return database;
}

void execute(sqlite3* database, const std::string& sql) {
  check(database, sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr));
}

Statement prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  check(database, sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr));
  return Statement{statement};
}

std::string insert(const Table& table) {
  std::string columns;
  std::string marks;
  for (const hangar::Column& column : table.columns) {
    columns += (columns.empty() ? "\"" : ", \"") + std::string{column.name} + '"';
    marks += marks.empty() ? "?" : ", ?";
  }
  return "INSERT INTO " + std::string{table.name} + " (" + columns + ") VALUES (" + marks + ")";
}

void step_each(sqlite3* database, sqlite3_stmt* statement, const std::vector<Value>& values) {
  const int width = sqlite3_bind_parameter_count(statement);
  for (std::size_t first = 0; first < values.size(); first += static_cast<std::size_t>(width)) {
    for (int i = 0; i < width; ++i) {
      const Value& value = values[first + static_cast<std::size_t>(i)];
      if (const auto* text = std::get_if<std::string>(&value)) {
        sqlite3_bind_text(statement, i + 1, text->data(), static_cast<int>(text->size()),
                          SQLITE_STATIC);
      } else if (const auto* number = std::get_if<std::int32_t>(&value)) {
        sqlite3_bind_int(statement, i + 1, *number);
      } else {
        sqlite3_bind_null(statement, i + 1);
      }
    }
    check(database, sqlite3_step(statement));
    sqlite3_reset(statement);
  }
}

}  // namespace hangar::bench
