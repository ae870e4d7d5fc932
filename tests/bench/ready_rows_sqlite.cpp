// The ceiling of a recorder on SQLite: the final rows of the same transactions, in their stored
// form before the clock starts, bound to prepared statements in a plain loop.
//   ready_rows_sqlite EVENTS FILE BATCH
// Prints seconds, own CPU seconds and transactions.
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "event_file.hpp"
#include "final_rows.hpp"
#include "stored_form.hpp"

namespace {

using hangar::Cell;
using hangar::Rows;
using hangar::Table;

using Value = std::variant<std::monostate, std::int32_t, std::string>;

struct Close {
  void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Value stored(const Cell& cell) {
  hangar::sqlite::FormBuffer buffer{};
  switch (cell.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return {};
    case Cell::Kind::uuid:
      return std::string{hangar::sqlite::write_uuid(cell.uuid(), buffer)};
    case Cell::Kind::int4:
      return cell.int4();
    case Cell::Kind::timestamp:
      return std::string{hangar::sqlite::write_time(cell.timestamp(), buffer).value()};
    case Cell::Kind::interval:
      return std::string{hangar::sqlite::write_interval(cell.interval(), buffer).value()};
    default:
      break;
  }
  return std::string{cell.text()};
}

/// Values row by row; an update's primary key comes last.
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

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error{sqlite3_errmsg(database)};
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

std::string update(const Table& table) {
  std::string columns;
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    columns += (i == 1 ? "\"" : ", \"") + std::string{table.columns[i].name} + "\" = ?";
  }
  return "UPDATE " + std::string{table.name} + " SET " + columns + " WHERE id = ?";
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

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Values {
  std::vector<Value> inserts;
  std::vector<Value> updates;
  std::vector<Value> states;
};

void measure(char** arguments) {
  const hangar::bench::EventFile file{arguments[1]};
  std::pmr::monotonic_buffer_resource memory;
  const auto writers =
      hangar::bench::final_rows(file.events(), 1, std::stoul(arguments[3]), memory);
  const std::vector<hangar::bench::FinalRows>& work = writers.front();
  std::vector<Values> ready;
  for (const auto& rows : work) {
    ready.push_back(
        {stored(rows.inserts, false), stored(rows.updates, true), stored(rows.states, false)});
  }
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(arguments[2], &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database database{opened};
  check(opened, code);
  execute(opened,
          "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; "
          "PRAGMA cache_size=-16384");
  const Statement insert_run = prepare(opened, insert(work.front().inserts.table()));
  const Statement update_run = prepare(opened, update(work.front().updates.table()));
  const Statement insert_state = prepare(opened, insert(work.front().states.table()));
  const double used = cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  for (const Values& values : ready) {
    execute(opened, "BEGIN IMMEDIATE");
    step_each(opened, insert_run.get(), values.inserts);
    step_each(opened, update_run.get(), values.updates);
    step_each(opened, insert_state.get(), values.states);
    execute(opened, "COMMIT");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << ' ' << cpu_seconds() - used << ' ' << ready.size() << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 4) throw std::runtime_error{"usage: ready_rows_sqlite EVENTS FILE BATCH"};
    measure(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "ready_rows_sqlite: " << error.what() << '\n';
    return 1;
  }
}
