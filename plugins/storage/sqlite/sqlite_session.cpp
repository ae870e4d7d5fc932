#include "sqlite_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "cell_binding.hpp"
#include "dialect.hpp"
#include "schema.hpp"

namespace hangar::sqlite {
namespace {

// A prepared statement that is ready for its next use at the end of the scope, whatever happens.
class Use {
 public:
  explicit Use(Statement& statement) : statement_{statement} {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_.reset(); }
  Statement* operator->() const noexcept { return &statement_; }
  Statement& operator*() const noexcept { return statement_; }

 private:
  Statement& statement_;
};

using Buffers = std::vector<FormBuffer>;

// Rows as they were found, perhaps one of them several times: the primary key, then the asked
// columns.
struct Found {
  std::size_t key_width;
  std::size_t width;
  std::vector<Cell> cells{};

  [[nodiscard]] std::span<const Cell> row(std::size_t index) const {
    return std::span{cells}.subspan(index * width, width);
  }
  [[nodiscard]] std::span<const Cell> key(std::size_t index) const {
    return row(index).first(key_width);
  }
};

void find_one_set(Connection& connection, const Table& table, const Keys& keys,
                  std::span<const std::size_t> columns, Found& found, Rows& texts) {
  const Use use{connection.prepared(select_statement(table, keys.columns, columns))};
  Buffers buffers(keys.columns.size());
  for (std::size_t first = 0; first < keys.values.size(); first += keys.columns.size()) {
    for (std::size_t part = 0; part < keys.columns.size(); ++part) {
      bind_cell(*use, static_cast<int>(part) + 1, table, keys.columns[part],
                keys.values[first + part], buffers[part]);
    }
    while (use->step()) {
      int result = 0;
      for (const std::size_t column : table.primary_key) {
        found.cells.push_back(read_cell(*use, result++, table.columns[column], texts));
      }
      for (const std::size_t column : columns) {
        found.cells.push_back(read_cell(*use, result++, table.columns[column], texts));
      }
      // SQLite allows a primary key of NULL; such a row has no place in the order.
      if (std::ranges::any_of(std::span{found.cells}.last(found.width).first(found.key_width),
                              &Cell::is_null)) {
        found.cells.resize(found.cells.size() - found.width);
      }
    }
    use->reset();
  }
}

// The column of a row that refers to nothing, which SQLite does not say; empty when none does.
std::string broken_reference(Connection& connection, const Table& table,
                             std::span<const Cell> cells) {
  for (const Reference& key : references(connection, table.name)) {
    const auto declared = std::ranges::find(table.columns, key.column, &Column::name);
    const auto column = static_cast<std::size_t>(declared - table.columns.begin());
    if (column == cells.size() || cells[column].absent() || cells[column].is_null()) continue;
    Statement statement{connection.handle(),
                        fmt::format("SELECT 1 FROM {} WHERE {} = ?", quoted_identifier(key.target),
                                    quoted_identifier(key.target_column))};
    FormBuffer buffer;
    bind_cell(statement, 1, table, column, cells[column], buffer);
    if (!statement.step()) return key.column;
  }
  return {};
}

// `statement` has the values of the row, the `number`th of its call.
void run_row(Connection& connection, Statement& statement, const Table& table,
             std::span<const Cell> cells, std::size_t number) {
  try {
    statement.run();
  } catch (DataError& error) {
    error.at_row(number);
    if (error.reason() != "foreign_key") throw;
    const std::string column = broken_reference(connection, table, cells);
    const std::string what =
        column.empty() ? error.what() : fmt::format("{}; column {}", error.what(), column);
    DataError told{error.reason(), what, error.pointer(), error.sqlstate(), column};
    told.at_row(number);
    throw told;
  } catch (TransientError& error) {
    if (error.sqlstate() == std::to_string(SQLITE_ERROR) && statement.stands()) {
      // Not the schema: an expression of a trigger or CHECK fails for what the row has.
      const std::string what =
          fmt::format("{}; or a trigger or CHECK of the table fails for this row", error.what());
      DataError told{"unknown", what, {}, error.sqlstate()};
      told.at_row(number);
      throw told;
    }
    if (error.row_may_be_at_fault()) error.at_row(number);
    throw;
  }
}

bool before(std::span<const Cell> one, std::span<const Cell> other) {
  return std::ranges::lexicographical_compare(
      one, other, [](const Cell& left, const Cell& right) { return compare(left, right) < 0; });
}

// Each row once.
std::vector<std::size_t> in_key_order(const Found& found) {
  std::vector<std::size_t> order(found.cells.size() / found.width);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, before, [&](std::size_t row) { return found.key(row); });
  const auto again = std::ranges::unique(order, std::ranges::equal,
                                         [&](std::size_t row) { return found.key(row); });
  order.erase(again.begin(), again.end());
  return order;
}

std::vector<Written> written_columns(const Rows& rows) {
  const std::size_t width = rows.table().columns.size();
  std::vector<std::size_t> counts(width);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row];
    for (std::size_t column = 0; column < width; ++column) {
      if (!cells[column].absent()) ++counts[column];
    }
  }
  std::vector<Written> result(width, Written::never);
  for (std::size_t column = 0; column < width; ++column) {
    if (rows.table().in_primary_key(column)) continue;
    if (counts[column] == rows.size()) {
      result[column] = Written::always;
    } else if (counts[column] != 0) {
      result[column] = Written::sometimes;
    }
  }
  return result;
}

bool writes_any(std::span<const Written> columns, std::span<const Cell> cells) {
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (columns[column] != Written::never && !cells[column].absent()) return true;
  }
  return false;
}

void bind_update(Statement& statement, const Table& table, std::span<const Written> columns,
                 std::span<const Cell> cells, Buffers& buffers) {
  int parameter = 0;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (columns[column] == Written::never) continue;
    if (columns[column] == Written::sometimes) {
      statement.bind_int(++parameter, cells[column].absent() ? 0 : 1);
    }
    bind_cell(statement, ++parameter, table, column, cells[column], buffers[column]);
  }
  for (const std::size_t part : table.primary_key) {
    bind_cell(statement, ++parameter, table, part, cells[part], buffers[part]);
  }
}

}  // namespace

SqliteSession::SqliteSession(std::shared_ptr<Writer> writer) : writer_{std::move(writer)} {}

SqliteSession::~SqliteSession() { SqliteSession::rollback(); }

Connection& SqliteSession::start_call() {
  if (state_ != State::open) throw std::logic_error{"SQLite: a call outside of a transaction"};
  state_ = State::failed;
  return writer_->connection();
}

void SqliteSession::begin() {
  if (state_ != State::idle) throw std::logic_error{"SQLite: begin within a transaction"};
  writer_->enter();
  try {
    writer_->fresh_connection().prepared("BEGIN IMMEDIATE").run();
  } catch (...) {
    writer_->drop();
    writer_->leave();
    throw;
  }
  state_ = State::open;
  savepoint_ = false;
}

void SqliteSession::commit() {
  start_call().prepared("COMMIT").run();
  writer_->check_file();
  state_ = State::idle;
  writer_->leave();
}

void SqliteSession::rollback() noexcept {
  if (state_ == State::idle) return;
  if (!writer_->connection().roll_back()) writer_->drop();
  state_ = State::idle;
  writer_->leave();
}

Rows SqliteSession::find(const Table& table, std::span<const Keys> keys,
                         std::span<const std::size_t> columns, Lock /*lock*/) {
  Connection& connection = start_call();
  Rows result{table};
  const std::size_t key_width = table.primary_key.size();
  Found found{.key_width = key_width, .width = key_width + columns.size()};
  for (const Keys& set : keys) find_one_set(connection, table, set, columns, found, result);
  for (const std::size_t row : in_key_order(found)) {
    const std::span<Cell> cells = result.add();
    for (std::size_t column = 0; column < columns.size(); ++column) {
      cells[columns[column]] = found.row(row)[key_width + column];
    }
  }
  state_ = State::open;
  return result;
}

std::vector<bool> SqliteSession::insert_missing(const Rows& rows) {
  Connection& connection = start_call();
  const Table& table = rows.table();
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  std::vector<Cell> defaults;
  for (const Column& column : table.columns) defaults.push_back(default_cell(column, now));
  const Use use{connection.prepared(insert_statement(table))};
  Buffers buffers(table.columns.size());
  std::vector<bool> inserted(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row];
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const Cell& cell = cells[column].absent() ? defaults[column] : cells[column];
      bind_cell(*use, static_cast<int>(column) + 1, table, column, cell, buffers[column]);
    }
    run_row(connection, *use, table, cells, row);
    inserted[row] = connection.changes() == 1;
  }
  state_ = State::open;
  return inserted;
}

std::size_t SqliteSession::update(const Rows& rows) {
  Connection& connection = start_call();
  const Table& table = rows.table();
  const std::vector<Written> columns = written_columns(rows);
  std::size_t written = 0;
  const bool any =
      std::ranges::count(columns, Written::never) != static_cast<std::ptrdiff_t>(columns.size());
  if (any) {
    const Use use{connection.prepared(update_statement(table, columns))};
    Buffers buffers(columns.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!writes_any(columns, rows[row])) continue;
      bind_update(*use, table, columns, rows[row], buffers);
      run_row(connection, *use, table, rows[row], row);
      written += static_cast<std::size_t>(connection.changes());
    }
  }
  state_ = State::open;
  return written;
}

void SqliteSession::savepoint() {
  Connection& connection = start_call();
  if (savepoint_) connection.prepared("RELEASE part").run();
  connection.prepared("SAVEPOINT part").run();
  savepoint_ = true;
  state_ = State::open;
}

void SqliteSession::rollback_to_savepoint() {
  if (state_ == State::idle || !savepoint_) throw std::logic_error{"SQLite: there is no savepoint"};
  Connection& connection = writer_->connection();
  state_ = State::failed;
  if (!connection.in_transaction()) {
    throw TransientError{"SQLite: the transaction was rolled back by itself",
                         TransientError::Retry::backoff};
  }
  connection.prepared("ROLLBACK TO part").run();
  state_ = State::open;
}

}  // namespace hangar::sqlite
