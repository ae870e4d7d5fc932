// The ceiling of a recorder on SQLite: the final rows of the same transactions, in their stored
// form before the clock starts, bound to prepared statements in a plain loop.
//   ready_rows_sqlite EVENTS FILE BATCH
// Prints seconds, own CPU seconds and transactions.
#include <chrono>
#include <exception>
#include <iostream>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <vector>

#include "cpu_seconds.hpp"
#include "event_file.hpp"
#include "final_rows.hpp"
#include "sqlite_writer.hpp"

namespace {

using namespace hangar::bench;
using hangar::Table;

std::string update(const Table& table) {
  std::string columns;
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    columns += (i == 1 ? "\"" : ", \"") + std::string{table.columns[i].name} + "\" = ?";
  }
  return "UPDATE " + std::string{table.name} + " SET " + columns + " WHERE id = ?";
}

struct Values {
  std::vector<Value> inserts;
  std::vector<Value> updates;
  std::vector<Value> states;
};

void measure(char** arguments) {
  const EventFile file{arguments[1]};
  std::pmr::monotonic_buffer_resource memory;
  const auto writers = final_rows(file.events(), 1, std::stoul(arguments[3]), memory);
  const std::vector<FinalRows>& work = writers.front();
  std::vector<Values> ready;
  for (const auto& rows : work) {
    ready.push_back(
        {stored(rows.inserts, false), stored(rows.updates, true), stored(rows.states, false)});
  }
  const Database database = open_database(arguments[2]);
  sqlite3* const opened = database.get();
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
