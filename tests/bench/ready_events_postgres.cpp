// The ceiling of a persister on PostgreSQL: the final rows of the same transactions, encoded before
// the clock starts, without broker and JSON.
//   ready_events_postgres EVENTS URL WRITERS BATCH copy|staging|unnest
// Prints seconds, own CPU seconds and transactions. Each writer is a thread with a connection. All
// three are idempotent: COPY fails where an id is there already, and its transaction is then made
// by one of the others; here none is.
#include <exception>
#include <iostream>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <vector>

#include "event_file.hpp"
#include "final_events.hpp"
#include "postgres_writers.hpp"

namespace {

using hangar::bench::column_names;
using hangar::bench::FinalEvents;
using hangar::bench::Step;

/// Appends the steps of one transaction; what they send is made here.
void add_transaction(std::vector<Step>& steps, const FinalEvents& rows, const std::string& way) {
  if (way == "staging") {
    const std::string events = column_names(rows.events.table());
    const std::string resources = column_names(rows.resources.table());
    add_copy(steps, "BEGIN; ", "ready_events", rows.events);
    add_copy(steps, "", "ready_resources", rows.resources);
    add_statement(steps, "WITH new AS (INSERT INTO events (" + events + ") SELECT " + events +
                             " FROM ready_events ON CONFLICT (id) DO NOTHING RETURNING id) "
                             "INSERT INTO event_resources (" +
                             resources + ") SELECT " + column_names(rows.resources.table(), "r.") +
                             " FROM ready_resources r JOIN new ON new.id = r.event_id; COMMIT");
  } else if (way == "copy") {
    add_copy(steps, "BEGIN; ", "events", rows.events);
    add_copy(steps, "", "event_resources", rows.resources);
    add_statement(steps, "COMMIT");
  } else {
    add_statement(steps, "BEGIN");
    add_insert(steps, rows.events);
    add_insert(steps, rows.resources);
    add_statement(steps, "COMMIT");
  }
}

void measure(char** arguments) {
  const hangar::bench::EventFile file{arguments[1]};
  const std::size_t writers = std::stoul(arguments[3]);
  std::pmr::monotonic_buffer_resource memory;
  std::size_t transactions = 0;
  std::vector<std::vector<Step>> work;
  for (const auto& batches :
       hangar::bench::final_events(file.events(), writers, std::stoul(arguments[4]), memory)) {
    work.emplace_back();
    for (const FinalEvents& rows : batches) add_transaction(work.back(), rows, arguments[5]);
    transactions += batches.size();
  }
  const std::vector<std::string> prepare{
      "CREATE TEMP TABLE ready_events (LIKE events) ON COMMIT DELETE ROWS",
      "CREATE TEMP TABLE ready_resources (LIKE event_resources) ON COMMIT DELETE ROWS"};
  hangar::bench::write_ready(arguments[2], work, prepare, transactions);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 6) {
      throw std::runtime_error{"usage: EVENTS URL WRITERS BATCH copy|staging|unnest"};
    }
    measure(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "ready_events_postgres: " << error.what() << '\n';
    return 1;
  }
}
