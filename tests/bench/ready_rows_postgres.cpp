// The ceiling of a recorder on PostgreSQL: the final rows of the same transactions, encoded before
// the clock starts, without broker, JSON and fold.
//   ready_rows_postgres EVENTS URL WRITERS BATCH copy|staging|unnest
// Prints seconds, own CPU seconds and transactions. Each writer is a thread with a connection.
#include <libpq-fe.h>
#include <sys/resource.h>

#include <barrier>
#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "event_file.hpp"
#include "final_rows.hpp"
#include "parameters.hpp"
#include "statements.hpp"

namespace {

using hangar::Rows;
using hangar::Table;
using hangar::bench::FinalRows;
using hangar::postgres::Parameters;

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};

class Connection {
 public:
  explicit Connection(const char* url) : handle_{PQconnectdb(url)} {
    if (PQstatus(handle_.get()) != CONNECTION_OK) fail();
  }

  void run(const std::string& sql) {
    PQsendQuery(handle_.get(), sql.c_str());
    finish();
  }
  void run(const std::string& sql, Parameters& values) {
    PQsendQueryParams(handle_.get(), sql.c_str(), values.count(), nullptr, values.values(),
                      values.lengths(), values.formats(), 1);
    finish();
  }
  /// `sql` ends in a COPY.
  void copy(const std::string& sql, const std::string& bytes) {
    constexpr std::size_t piece = 512U << 10U;
    PQsendQuery(handle_.get(), sql.c_str());
    while (true) {
      const std::unique_ptr<PGresult, Clear> result{PQgetResult(handle_.get())};
      if (PQresultStatus(result.get()) == PGRES_COPY_IN) break;
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail();
    }
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::size_t length = std::min(piece, bytes.size() - at);
      if (PQputCopyData(handle_.get(), &bytes[at], static_cast<int>(length)) != 1) fail();
    }
    if (PQputCopyEnd(handle_.get(), nullptr) != 1) fail();
    finish();
  }

 private:
  void finish() {
    while (const std::unique_ptr<PGresult, Clear> result{PQgetResult(handle_.get())}) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail();
    }
  }
  [[noreturn]] void fail() { throw std::runtime_error{PQerrorMessage(handle_.get())}; }

  std::unique_ptr<PGconn, Finish> handle_;
};

std::string names(const Table& table, std::string_view prefix = "") {
  std::string text;
  for (const hangar::Column& column : table.columns) {
    text += (text.empty() ? "" : ", ") + std::string{prefix} + std::string{column.name};
  }
  return text;
}

std::string copied(const Rows& rows) {
  hangar::postgres::Encoder encoder;
  encoder.reserve(64);
  encoder.put_bytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    encoder.reserve(sizeof(std::int16_t));
    encoder.put(static_cast<std::int16_t>(rows.table().columns.size()));
    for (std::size_t column = 0; column < rows.table().columns.size(); ++column) {
      encoder.add(rows.table().columns[column].type, rows[row][column]);
    }
  }
  encoder.reserve(sizeof(std::int16_t));
  encoder.put<std::int16_t>(-1);
  return {encoder.data(), encoder.size()};
}

Parameters arrays(const Rows& rows) {
  Parameters values;
  for (std::size_t column = 0; column < rows.table().columns.size(); ++column) {
    values.add_column(rows.table().columns[column].type, rows.size(),
                      [&](std::size_t row) { return rows[row][column]; });
  }
  return values;
}

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
  std::string text = "INSERT INTO " + std::string{table.name} + " (" + names(table) + ") SELECT " +
                     names(table) + " FROM " + source + " ON CONFLICT (id) DO UPDATE SET ";
  for (std::size_t i = 1; i < table.columns.size(); ++i) {
    if (table.in_unique_key(i)) continue;
    const std::string name{table.columns[i].name};
    text += text.ends_with("SET ") ? "" : ", ";
    text.append(name).append(" = excluded.").append(name);
  }
  return text + " WHERE task_run.state_timestamp < excluded.state_timestamp";
}

std::string copy_into(const Table& table, const std::string& target) {
  return "COPY " + target + " (" + names(table) + ") FROM STDIN (FORMAT binary)";
}

using Step = std::function<void(Connection&)>;

/// The steps of one transaction; what they send is made here.
std::vector<Step> transaction(const FinalRows& rows, const std::string& way) {
  const Table& runs = rows.inserts.table();
  const Table& states = rows.states.table();
  std::vector<Step> steps;
  const auto copy = [&](std::string sql, const Rows& from) {
    if (from.empty()) return;
    steps.emplace_back([sql = std::move(sql), bytes = copied(from)](Connection& connection) {
      connection.copy(sql, bytes);
    });
  };
  const auto run = [&](std::string sql) {
    steps.emplace_back([sql = std::move(sql)](Connection& connection) { connection.run(sql); });
  };
  const auto insert = [&](const Rows& from) {
    if (from.empty()) return;
    const auto values = std::make_shared<Parameters>(arrays(from));
    steps.emplace_back([values, sql = hangar::postgres::insert_statement(from.table())](
                           Connection& connection) { connection.run(sql, *values); });
  };
  if (way == "staging") {
    copy("BEGIN; " + copy_into(runs, "ready_runs"), rows.inserts);
    copy(copy_into(runs, "ready_runs"), rows.updates);
    copy(copy_into(states, "ready_states"), rows.states);
    run(upsert_from(runs, "ready_runs") + "; INSERT INTO task_run_state (" + names(states) +
        ") SELECT " + names(states) + " FROM ready_states ON CONFLICT DO NOTHING; COMMIT");
    return steps;
  }
  if (way == "unnest") {
    run("BEGIN");
    insert(rows.inserts);
  } else {
    copy("BEGIN; " + copy_into(runs, "task_run"), rows.inserts);
    if (rows.inserts.empty()) run("BEGIN");
  }
  if (!rows.updates.empty()) {
    copy(copy_into(runs, "ready_runs"), rows.updates);
    run(update_from(runs, "ready_runs"));
  }
  if (way == "unnest") {
    insert(rows.states);
  } else {
    copy(copy_into(states, "task_run_state"), rows.states);
  }
  run("COMMIT");
  return steps;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void measure(char** arguments) {
  const hangar::bench::EventFile file{arguments[1]};
  const std::size_t writers = std::stoul(arguments[3]);
  const std::string way = arguments[5];
  std::pmr::monotonic_buffer_resource memory;
  std::size_t transactions = 0;
  std::vector<std::vector<std::vector<Step>>> work;
  for (const auto& batches :
       hangar::bench::final_rows(file.events(), writers, std::stoul(arguments[4]), memory)) {
    work.emplace_back();
    for (const FinalRows& rows : batches) work.back().push_back(transaction(rows, way));
    transactions += batches.size();
  }
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < writers; ++i) {
    connections.emplace_back(arguments[2]);
    for (const std::string table : {"run", "state"}) {
      connections.back().run("CREATE TEMP TABLE ready_" + table + "s (LIKE task_run" +
                             (table == "run" ? "" : "_state") + ") ON COMMIT DELETE ROWS");
    }
  }
  std::vector<std::exception_ptr> failures(writers);
  std::barrier start{static_cast<std::ptrdiff_t>(writers + 1)};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < writers; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        for (const auto& steps : work[i]) {
          for (const Step& step : steps) step(connections[i]);
        }
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  }
  const double used = cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  start.arrive_and_wait();
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  std::cout << took.count() << ' ' << cpu_seconds() - used << ' ' << transactions << '\n';
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
