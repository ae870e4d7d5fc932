#include "session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;

/// Timeouts of this transaction alone. The planner must look rows up by index: its guess from stale
/// statistics may be a scan of millions of rows, and foreign keys' plans, made once for a
/// connection, would remember that a table was empty. Compiling a statement costs more than it ever
/// saves here.
std::string settings_statement(std::chrono::milliseconds statement_timeout) {
  // Sooner than the statement's, so that a lock is named as what it is, and soon: then the caller
  // goes on without the locked row, and the others of its batch wait no longer.
  const auto lock_timeout = std::min<std::chrono::milliseconds>(300ms, statement_timeout * 9 / 10);
  return fmt::format(
      "SELECT set_config('statement_timeout', '{}', true), set_config('lock_timeout', '{}', true), "
      "set_config('idle_in_transaction_session_timeout', '15000', true), "
      "set_config('enable_seqscan', 'off', true), set_config('enable_nestloop', 'off', true), "
      "set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)",
      statement_timeout.count(), lock_timeout.count());
}

/// With one column of keys an array keeps the planner to the index; with several only a loop does.
constexpr const char* loops_on =
    "SELECT set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true)";
constexpr const char* loops_off =
    "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_hashjoin', 'on', true)";

/// The planner must take the index that gives the rows in order (what is equal there it may sort),
/// even where its statistics say that there are few to sort: there may be millions by now.
constexpr const char* sorts_off = "SELECT set_config('enable_sort', 'off', true)";
constexpr const char* sorts_on = "SELECT set_config('enable_sort', 'on', true)";

/// Who goes on without what is locked need not wait for it.
std::string brief_locks_statement(std::chrono::milliseconds statement_timeout) {
  return fmt::format("SELECT set_config('lock_timeout', '{}', true)",
                     std::min<std::chrono::milliseconds>(50ms, statement_timeout).count());
}

/// The columns of a result, from the number `first` on, as those of rows.
Rows read_rows(const Table& table, const PGresult* found, std::span<const std::size_t> columns,
               std::size_t first) {
  Rows rows{table};
  rows.reserve(static_cast<std::size_t>(PQntuples(found)));
  for (int row = 0; row < PQntuples(found); ++row) {
    const std::span<Cell> cells = rows.add();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto column = static_cast<int>(first + i);
      Cell& cell = cells[columns[i]];
      if (PQgetisnull(found, row, column) == 1) {
        cell = Cell::null();
        continue;
      }
      cell = rows.keep(cell_from_binary(table.columns[columns[i]].type, value(found, row, column)));
    }
  }
  return rows;
}

}  // namespace

PostgresSession::PostgresSession(PresentOptions options,
                                 std::chrono::milliseconds statement_timeout)
    : options_{std::move(options)},
      // The server gives up by itself; later than that it is the connection that does not answer.
      patience_{statement_timeout + 5s},
      settings_{settings_statement(statement_timeout)},
      brief_locks_{brief_locks_statement(statement_timeout)} {}

void PostgresSession::begin() {
  if (transaction_ != Transaction::none) {
    throw std::logic_error{"PostgreSQL: begin within a transaction"};
  }
  if (!connection_ || !connection_->usable()) {
    connection_.reset();
    connection_.emplace(options_(), patience_);
  }
  transaction_ = Transaction::promised;
  savepoint_ = false;
  loops_ = false;
  if (careful_ > 0) --careful_;
}

void PostgresSession::open_transaction() {
  if (transaction_ == Transaction::none) throw std::logic_error{"no transaction was begun"};
  if (transaction_ == Transaction::open) return;
  transaction_ = Transaction::open;
  connection_->send("BEGIN ISOLATION LEVEL READ COMMITTED");
  connection_->send(settings_);
}

void PostgresSession::plan_for(const Table& table) {
  const bool loops = table.primary_key.size() > 1;
  if (loops_ == loops) return;
  connection_->send(loops ? loops_on : loops_off);
  loops_ = loops;
}

void PostgresSession::commit() {
  const Transaction transaction = std::exchange(transaction_, Transaction::none);
  if (transaction == Transaction::none) {
    throw std::logic_error{"PostgreSQL: commit outside of a transaction"};
  }
  if (transaction != Transaction::open) return;
  static_cast<void>(connection_->take_warning());
  connection_->send("COMMIT");
  const std::vector<Result> results = connection_->finish("commit");
  if (connection_->take_warning()) {
    connection_.reset();
    throw TransientError{
        "PostgreSQL: commit: the server stopped waiting for its synchronous standby, so the rows "
        "are "
        "not as durable as synchronous_commit asks for; check the standbys",
        TransientError::Retry::reconnect, "01000"};
  }
  if (std::string_view{PQcmdStatus(results.back().get())} != "COMMIT") {
    throw TransientError{"PostgreSQL: commit: the transaction had failed and was rolled back",
                         TransientError::Retry::backoff, "25P02"};
  }
}

void PostgresSession::rollback() noexcept {
  if (std::exchange(transaction_, Transaction::none) != Transaction::open) return;
  try {
    connection_->send("ROLLBACK");
    static_cast<void>(connection_->finish("rollback"));
  } catch (const std::exception&) {
    connection_.reset();  // the server rolls back by itself
  }
}

PostgresSession::Statements& PostgresSession::statements(const Table& table) {
  const auto found = statements_.find(&table);
  if (found != statements_.end()) return found->second;
  return statements_
      .emplace(&table,
               Statements{.copy = copy_statement(table),
                          .insert = insert_statement(table),
                          .update = update_statement(table, UpdateForm::leaves_keys),
                          .update_with_keys = update_statement(table, UpdateForm::writes_keys),
                          .inserting = fmt::format("insert into {}", table.name),
                          .updating = fmt::format("update {}", table.name)})
      .first->second;
}

std::vector<Keys> PostgresSession::bind_keys(const Table& table, std::span<const Keys> keys) {
  check_keys(table, keys);
  std::vector<Keys> asked;
  parameters_.clear();
  for (const Keys& key : keys) {
    if (key.values.empty()) continue;
    const std::size_t width = key.columns.size();
    for (std::size_t i = 0; i < width; ++i) {
      parameters_.add_column(table.columns[key.columns[i]].type, key.values.size() / width,
                             [&](std::size_t row) { return key.values[row * width + i]; });
    }
    asked.push_back({key.columns, {}});
  }
  return asked;
}

Rows PostgresSession::find(const Table& table, std::span<const Keys> keys,
                           std::span<const std::size_t> columns, Lock lock) {
  check_columns(table, columns);
  const std::vector<Keys> asked = bind_keys(table, keys);
  if (asked.empty()) return Rows{table};
  open_transaction();
  plan_for(table);
  connection_->send(find_statement(table, asked, columns, lock), parameters_);
  const std::vector<Result> results = connection_->finish(
      fmt::format("read {}", table.name),
      fmt::format("{} ON {}", lock == Lock::rows ? "SELECT, UPDATE" : "SELECT", table.name));
  return read_rows(table, results.back().get(), columns, table.primary_key.size());
}

bool PostgresSession::bind_range(const Table& table, const Range& range, std::size_t limit) {
  const std::vector<std::size_t> order = order_of(table, range);
  parameters_.clear();
  for (const Range::OneOf& part : range.one_of) {
    if (part.values.empty()) return false;
    parameters_.add_column(table.columns[part.column].type, part.values.size(),
                           [&](std::size_t i) { return part.values[i]; });
  }
  const auto bind = [&](std::size_t column, const Cell& cell) {
    parameters_.add_column(table.columns[column].type, 1, [&](std::size_t) { return cell; });
  };
  if (range.from) bind(range.column, *range.from);
  if (range.before) bind(range.column, *range.before);
  if (!range.after.empty()) {
    for (const std::size_t column : order) bind(column, range.after[column]);
  }
  constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
  parameters_.add_column(ColumnType::int8, 1, [&](std::size_t) {
    return Cell{static_cast<std::int64_t>(std::min(limit, most))};
  });
  return limit > 0;
}

Result PostgresSession::run_in_order(const Table& table, const std::string& statement,
                                     std::string_view doing, std::string_view needs) {
  open_transaction();
  plan_for(table);
  connection_->send(sorts_off);
  connection_->send(statement, parameters_);
  connection_->send(sorts_on);
  std::vector<Result> results = connection_->finish(doing, needs);
  return std::move(results[results.size() - 2]);
}

Rows PostgresSession::scan(const Table& table, const Range& range,
                           std::span<const std::size_t> columns, std::size_t limit) {
  check_columns(table, columns);
  if (!bind_range(table, range, limit)) return Rows{table};
  const Result found =
      run_in_order(table, scan_statement(table, range, columns), fmt::format("read {}", table.name),
                   fmt::format("SELECT ON {}", table.name));
  return read_rows(table, found.get(), scan_columns(table, range, columns), 0);
}

std::size_t PostgresSession::erase(const Table& table, const Range& range, std::size_t limit) {
  Rows first{table};
  while (bind_range(table, range, limit)) {
    const Result done = run_in_order(table, erase_statement(table, range),
                                     fmt::format("delete from {}", table.name),
                                     fmt::format("SELECT, DELETE ON {}", table.name));
    if (const std::size_t erased = rows_of(done); erased > 0) return erased;
    // Others may have taken all of the slice while it was waited for. What is first for a second
    // time is what the database keeps, as a trigger can.
    Rows left = scan(table, range, {}, 1);
    if (left.empty() || (!first.empty() && std::ranges::equal(first[0], left[0]))) break;
    first = std::move(left);
  }
  return 0;
}

std::size_t PostgresSession::erase(const Table& table, std::span<const Keys> keys) {
  const std::vector<Keys> asked = bind_keys(table, keys);
  if (asked.empty()) return 0;
  open_transaction();
  plan_for(table);
  connection_->send(erase_statement(table, asked), parameters_);
  const std::vector<Result> results = connection_->finish(
      fmt::format("delete from {}", table.name), fmt::format("SELECT, DELETE ON {}", table.name));
  return rows_of(results.back());
}

void PostgresSession::savepoint() {
  open_transaction();
  connection_->send(savepoint_ ? "RELEASE SAVEPOINT part" : brief_locks_);
  connection_->send("SAVEPOINT part");
  static_cast<void>(connection_->finish("savepoint"));
  savepoint_ = true;
}

void PostgresSession::rollback_to_savepoint() {
  if (transaction_ != Transaction::open || !savepoint_) {
    throw std::logic_error{"PostgreSQL: there is no savepoint"};
  }
  loops_.reset();
  connection_->send("ROLLBACK TO SAVEPOINT part");
  static_cast<void>(connection_->finish("rollback to savepoint"));
}

}  // namespace hangar::postgres
