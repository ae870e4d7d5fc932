#include "session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "hangar/error.hpp"

namespace hangar::postgres {
namespace {

using namespace std::chrono_literals;

// Large enough that PostgreSQL's work for one more statement does not show, small enough that the
// buffers stay in the cache and PostgreSQL writes one piece while the next is encoded.
constexpr std::size_t piece_bytes = 512U << 10U;

// The server takes rows as they come, so here only the cache counts.
constexpr std::size_t copy_bytes = 64U << 10U;

// Fewer rows are not worth the round trips.
constexpr std::size_t worth_a_copy = 50;
constexpr std::size_t careful_transactions = 20;

/// Timeouts of this transaction alone. The planner must look rows up by index: its guess from stale
/// statistics may be a scan of millions of rows, and foreign keys' plans, made once for a
/// connection, would remember that a table was empty. Compiling a statement costs more than it ever
/// saves here.
std::string settings_statement(std::chrono::milliseconds statement_timeout) {
  const auto lock_timeout = std::min<std::chrono::milliseconds>(3s, statement_timeout);
  return fmt::format(
      "SELECT set_config('statement_timeout', '{}', true), set_config('lock_timeout', '{}', true), "
      "set_config('idle_in_transaction_session_timeout', '15000', true), "
      "set_config('enable_seqscan', 'off', true), set_config('enable_nestloop', 'off', true), "
      "set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)",
      statement_timeout.count(), lock_timeout.count());
}

std::size_t bytes_of(std::span<const Cell> row) {
  std::size_t bytes = row.size() * 8;
  for (const Cell& cell : row) {
    if (cell.kind() == Cell::Kind::text) bytes += cell.text().size();
  }
  return bytes;
}

/// Calls `send(first, last)` for ranges of rows that make up about one piece each.
template <class RowAt, class Send>
void in_pieces(std::size_t count, RowAt&& row, Send&& send) {
  std::size_t first = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += bytes_of(row(i));
    if (bytes < piece_bytes && i + 1 < count) continue;
    send(first, i + 1);
    first = i + 1;
    bytes = 0;
  }
}

/// Whether COPY itself may be what is refused: it is not supported there, or not allowed, or the
/// table is none that takes it. Anything else would meet an INSERT too.
bool refuses_copy(std::string_view sqlstate) {
  return sqlstate.starts_with("0A") || sqlstate.starts_with("42") || sqlstate == "55000";
}

Timestamp now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string_view value(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column),
          static_cast<std::size_t>(PQgetlength(result, row, column))};
}

}  // namespace

PostgresSession::PostgresSession(PresentOptions options,
                                 std::chrono::milliseconds statement_timeout)
    : options_{std::move(options)},
      // The server gives up by itself; later than that it is the connection that does not answer.
      patience_{statement_timeout + 5s},
      settings_{settings_statement(statement_timeout)} {}

void PostgresSession::begin() {
  if (!connection_ || !connection_->usable()) {
    connection_.reset();
    connection_.emplace(options_(), patience_);
  }
  transaction_ = Transaction::promised;
  if (careful_ > 0) --careful_;
}

void PostgresSession::open_transaction() {
  if (transaction_ == Transaction::none) throw std::logic_error{"no transaction was begun"};
  if (transaction_ == Transaction::open) return;
  transaction_ = Transaction::open;
  connection_->send("BEGIN ISOLATION LEVEL READ COMMITTED");
  connection_->send(settings_);
}

void PostgresSession::commit() {
  const Transaction transaction = std::exchange(transaction_, Transaction::none);
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

Rows PostgresSession::find(const Table& table, std::span<const Keys> keys,
                           std::span<const std::size_t> columns, Lock lock) {
  Rows rows{table};
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
  if (asked.empty()) return rows;
  open_transaction();
  connection_->send(find_statement(table, asked, columns, lock), parameters_);
  const std::vector<Result> results = connection_->finish(fmt::format("read {}", table.name));
  const PGresult* found = results.back().get();
  rows.reserve(static_cast<std::size_t>(PQntuples(found)));
  for (int row = 0; row < PQntuples(found); ++row) {
    const std::span<Cell> cells = rows.add();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const int column = static_cast<int>(i) + 1;
      Cell& cell = cells[columns[i]];
      if (PQgetisnull(found, row, column) == 1) {
        cell = Cell::null();
        continue;
      }
      cell = cell_from_binary(table.columns[columns[i]].type, value(found, row, column));
      if (cell.kind() == Cell::Kind::text) cell = rows.keep(cell.text());
    }
  }
  return rows;
}

void PostgresSession::send_inserts(const Rows& rows, const std::string& statement) {
  const Table& table = rows.table();
  const Timestamp present = now();
  std::vector<Cell> defaults;
  for (const Column& column : table.columns) defaults.push_back(default_cell(column, present));
  const auto row_at = [&](std::size_t i) { return rows[i]; };
  in_pieces(rows.size(), row_at, [&](std::size_t first, std::size_t last) {
    parameters_.clear();
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      parameters_.add_column(table.columns[column].type, last - first, [&](std::size_t i) {
        const Cell& cell = rows[first + i][column];
        return cell.absent() ? defaults[column] : cell;
      });
    }
    connection_->send(statement, parameters_);
  });
}

// PostgreSQL writes rows that come by COPY many at a time, with a third less work than INSERT and
// half as much as ON CONFLICT takes, but does not leave out those that are there already. They are
// rare, and come in company: redelivered, or of a stream that is recorded again.
//
// A database may also refuse COPY where it takes INSERT: row-level security, a proxy that does not
// know it. That is found out once for each table and session.
std::vector<bool> PostgresSession::insert_missing(const Rows& rows) {
  Statements& texts = statements(rows.table());
  if (rows.size() < worth_a_copy || careful_ > 0 || !texts.copies) return insert_each(rows);
  const Copied copied = copy(rows);
  if (copied == Copied::all) return std::vector<bool>(rows.size(), true);
  if (copied == Copied::some_are_there) careful_ = careful_transactions;
  std::vector<bool> inserted = insert_each(rows);
  if (copied == Copied::refused) texts.copies = false;
  return inserted;
}

PostgresSession::Copied PostgresSession::copy(const Rows& rows) {
  Copied copied = Copied::all;
  try {
    if (send_copy(rows) == rows.size()) return copied;
    copied = Copied::some_are_there;  // Or a trigger drops them, which INSERT tells row by row.
  } catch (const TransientError& error) {
    const std::string& code = error.sqlstate();
    if (code == "23505") {
      copied = Copied::some_are_there;
    } else if (!code.empty() && refuses_copy(code)) {
      copied = Copied::refused;
    } else {
      throw;
    }
  }
  connection_->send(undo_copy);
  static_cast<void>(connection_->finish(statements(rows.table()).inserting));
  return copied;
}

std::size_t PostgresSession::send_copy(const Rows& rows) {
  const Table& table = rows.table();
  const Statements& texts = statements(table);
  if (transaction_ != Transaction::open) {
    open_transaction();
    static_cast<void>(connection_->finish("begin"));
  }
  const Timestamp present = now();
  std::vector<Cell> defaults;
  for (const Column& column : table.columns) defaults.push_back(default_cell(column, present));
  connection_->begin_copy(texts.copy, texts.inserting);
  // https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format"
  constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
  encoder_.clear();
  encoder_.reserve(head.size());
  encoder_.put_bytes(head.data(), head.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    encoder_.reserve(sizeof(std::int16_t));
    encoder_.put(static_cast<std::int16_t>(table.columns.size()));
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const Cell& cell = rows[row][column];
      encoder_.add(table.columns[column].type, cell.absent() ? defaults[column] : cell);
    }
    if (encoder_.size() < copy_bytes) continue;
    connection_->write_copy({encoder_.data(), encoder_.size()});
    encoder_.clear();
  }
  encoder_.reserve(sizeof(std::int16_t));
  encoder_.put<std::int16_t>(-1);
  connection_->write_copy({encoder_.data(), encoder_.size()});
  return connection_->end_copy(texts.inserting);
}

std::vector<bool> PostgresSession::insert_each(const Rows& rows) {
  std::vector<bool> inserted(rows.size(), false);
  if (rows.empty()) return inserted;
  const Statements& texts = statements(rows.table());
  const bool first_statement = transaction_ != Transaction::open;
  open_transaction();
  send_inserts(rows, texts.insert);
  const std::vector<Result> results = connection_->finish(texts.inserting);
  // Keys come back in the order of the rows, so one walk over both tells which ones are missing.
  std::size_t row = 0;
  for (std::size_t i = first_statement ? 2 : 0; i < results.size(); ++i) {
    const PGresult* result = results[i].get();
    for (int found = 0; found < PQntuples(result); ++found) {
      const Uuid id = cell_from_binary(ColumnType::uuid, value(result, found, 0)).uuid();
      while (row < rows.size() && rows[row][0].uuid() != id) ++row;
      if (row == rows.size()) throw std::logic_error{"PostgreSQL returned a key that was not sent"};
      inserted[row++] = true;
    }
  }
  return inserted;
}

void PostgresSession::send_updates(const Rows& rows, std::span<const std::size_t> order,
                                   UpdateForm form) {
  const Table& table = rows.table();
  const std::vector<std::size_t> columns = update_columns(table, form);
  const Statements& texts = statements(table);
  std::vector<std::uint64_t> masks;
  const auto row_at = [&](std::size_t i) { return rows[order[i]]; };
  in_pieces(order.size(), row_at, [&](std::size_t first, std::size_t last) {
    masks.assign(last - first, 0);
    parameters_.clear();
    parameters_.add_column(ColumnType::uuid, last - first,
                           [&](std::size_t i) { return row_at(first + i)[0]; });
    for (std::size_t i = first; i < last; ++i) {
      for (const std::size_t column : columns) {
        const std::uint64_t bit = std::uint64_t{1} << column;
        if (!row_at(i)[column].absent()) masks[i - first] |= bit;
      }
    }
    parameters_.add_masks(masks);
    for (const std::size_t column : columns) {
      parameters_.add_column(table.columns[column].type, last - first,
                             [&](std::size_t i) { return row_at(first + i)[column]; });
    }
    connection_->send(form == UpdateForm::leaves_keys ? texts.update : texts.update_with_keys,
                      parameters_);
  });
}

std::size_t PostgresSession::update(const Rows& rows) {
  const Table& table = rows.table();
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row].subspan(1);
    if (!std::ranges::all_of(cells, &Cell::absent)) order.push_back(row);
  }
  std::ranges::sort(order, {}, [&](std::size_t row) { return rows[row][0].uuid(); });
  const auto writes_keys = [&](std::size_t row) {
    for (std::size_t column = 1; column < table.columns.size(); ++column) {
      if (!rows[row][column].absent() && in_unique_key(table, column)) return true;
    }
    return false;
  };
  const auto wide = std::stable_partition(order.begin(), order.end(), std::not_fn(writes_keys));
  if (order.empty()) return 0;
  open_transaction();
  send_updates(rows, {order.begin(), wide}, UpdateForm::leaves_keys);
  send_updates(rows, {wide, order.end()}, UpdateForm::writes_keys);
  std::size_t written = 0;
  for (const Result& result : connection_->finish(statements(table).updating)) {
    if (std::string_view{PQcmdStatus(result.get())}.starts_with("UPDATE")) {
      written += rows_of(result);
    }
  }
  return written;
}

}  // namespace hangar::postgres
