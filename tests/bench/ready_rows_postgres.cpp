// The ceiling of a recorder on PostgreSQL: the final rows of the same transactions, encoded before
// the clock starts, without broker, JSON and fold.
//   ready_rows_postgres EVENTS URL WRITERS BATCH copy|staging|unnest
// Prints seconds, own CPU seconds and transactions. Each writer is a thread with a connection.
#include <exception>
#include <iostream>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <vector>

#include "event_file.hpp"
#include "final_rows.hpp"
#include "postgres_writers.hpp"

namespace {

using hangar::Table;
using hangar::bench::column_names;
using hangar::bench::FinalRows;
using hangar::bench::Step;

/// Whole rows from a table of the same columns, where they are newer.
std::string update_from(const Table& table, const std::string& source) {
  std::string text = "UPDATE " + std::string{table.name} + " t SET ";
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    if (table.in_unique_key(i)) continue;
    const std::string name{table.columns[i].name};
    text += text.ends_with("SET ") ? "" : ", ";
    text.append(name).append(" = s.").append(name);
  }
  return text + " FROM " + source +
         " s WHERE t.id = s.id AND t.state_timestamp < s.state_timestamp";
}

std::string upsert_from(const Table& table, const std::string& source) {
  std::string text = "INSERT INTO " + std::string{table.name} + " (" + column_names(table) +
                     ") SELECT " + column_names(table) + " FROM " + source +
                     " ON CONFLICT (id) DO UPDATE SET ";
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    if (table.in_unique_key(i)) continue;
    const std::string name{table.columns[i].name};
    text += text.ends_with("SET ") ? "" : ", ";
    text.append(name).append(" = excluded.").append(name);
  }
  return text + " WHERE task_run.state_timestamp < excluded.state_timestamp";
}

/// Appends the steps of one transaction; what they send is made here.
void add_transaction(std::vector<Step>& steps, const FinalRows& rows, const std::string& way) {
  const Table& runs = rows.inserts.table();
  const std::string states = column_names(rows.states.table());
  if (way == "staging") {
    add_copy(steps, "BEGIN; ", "ready_runs", rows.inserts);
    add_copy(steps, "", "ready_runs", rows.updates);
    add_copy(steps, "", "ready_states", rows.states);
    add_statement(steps, upsert_from(runs, "ready_runs") + "; INSERT INTO task_run_state (" +
                             states + ") SELECT " + states +
                             " FROM ready_states ON CONFLICT DO NOTHING; COMMIT");
    return;
  }
  const bool copies = way == "copy";
  if (!copies || rows.inserts.empty()) add_statement(steps, "BEGIN");
  if (copies) {
    add_copy(steps, "BEGIN; ", "task_run", rows.inserts);
  } else {
    add_insert(steps, rows.inserts);
  }
  if (!rows.updates.empty()) {
    add_copy(steps, "", "ready_runs", rows.updates);
    add_statement(steps, update_from(runs, "ready_runs"));
  }
  if (copies) {
    add_copy(steps, "", "task_run_state", rows.states);
  } else {
    add_insert(steps, rows.states);
  }
  add_statement(steps, "COMMIT");
}

void measure(char** arguments) {
  const hangar::bench::EventFile file{arguments[1]};
  const std::size_t writers = std::stoul(arguments[3]);
  std::pmr::monotonic_buffer_resource memory;
  std::size_t transactions = 0;
  std::vector<std::vector<Step>> work;
  for (const auto& batches :
       hangar::bench::final_rows(file.events(), writers, std::stoul(arguments[4]), memory)) {
    work.emplace_back();
    for (const FinalRows& rows : batches) add_transaction(work.back(), rows, arguments[5]);
    transactions += batches.size();
  }
  std::vector<std::string> prepare;
  for (const std::string table : {"run", "state"}) {
    prepare.push_back("CREATE TEMP TABLE ready_" + table + "s (LIKE task_run" +
                      (table == "run" ? "" : "_state") + ") ON COMMIT DELETE ROWS");
  }
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
    std::cerr << "ready_rows_postgres: " << error.what() << '\n';
    return 1;
  }
}
