// The ceiling of a persister on SQLite: the final rows of the same transactions, in their stored
// form before the clock starts, bound to prepared statements in a plain loop.
//   ready_events_sqlite EVENTS FILE BATCH
// Prints seconds, own CPU seconds and transactions.
#include <chrono>
#include <exception>
#include <iostream>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cpu_seconds.hpp"
#include "event_file.hpp"
#include "final_events.hpp"
#include "sqlite_writer.hpp"

namespace {

using namespace hangar::bench;

void measure(char** arguments) {
  const EventFile file{arguments[1]};
  std::pmr::monotonic_buffer_resource memory;
  const auto writers = final_events(file.events(), 1, std::stoul(arguments[3]), memory);
  const std::vector<FinalEvents>& work = writers.front();
  std::vector<std::pair<std::vector<Value>, std::vector<Value>>> ready;
  for (const FinalEvents& rows : work) {
    ready.emplace_back(stored(rows.events, false), stored(rows.resources, false));
  }
  const Database database = open_database(arguments[2]);
  sqlite3* const opened = database.get();
  // The only key of a resource's row is made up.
  const Statement insert_event =
      prepare(opened, insert(work.front().events.table()) + " ON CONFLICT DO NOTHING");
  const Statement insert_resource = prepare(opened, insert(work.front().resources.table()));
  const double used = cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  for (const auto& [events, resources] : ready) {
    execute(opened, "BEGIN IMMEDIATE");
    step_each(opened, insert_event.get(), events);
    step_each(opened, insert_resource.get(), resources);
    execute(opened, "COMMIT");
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << ' ' << cpu_seconds() - used << ' ' << ready.size() << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 4) throw std::runtime_error{"usage: ready_events_sqlite EVENTS FILE BATCH"};
    measure(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "ready_events_sqlite: " << error.what() << '\n';
    return 1;
  }
}
