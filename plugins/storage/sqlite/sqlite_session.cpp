#include "sqlite_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "cell_binding.hpp"
#include "dialect.hpp"
#include "found_rows.hpp"
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

/// Calls `each` with every choice of one value for each of the columns.
template <class Each>
void each_choice(std::span<const Range::OneOf> columns, Each&& each) {
  std::vector<std::size_t> choice(columns.size());
  const auto has_values = [](const Range::OneOf& part) { return !part.values.empty(); };
  if (!std::ranges::all_of(columns, has_values)) return;
  while (true) {
    each(choice);
    std::size_t place = 0;
    while (place < choice.size() && ++choice[place] == columns[place].values.size()) {
      choice[place++] = 0;
    }
    if (place == choice.size()) return;
  }
}

// Binds each of the keys and calls `run`.
template <class Run>
void each_key(Statement& statement, const Table& table, const Keys& keys, Run&& run) {
  Buffers buffers(keys.columns.size());
  for (std::size_t first = 0; first < keys.values.size(); first += keys.columns.size()) {
    for (std::size_t part = 0; part < keys.columns.size(); ++part) {
      bind_cell(statement, static_cast<int>(part) + 1, table, keys.columns[part],
                keys.values[first + part], buffers[part]);
    }
    run();
    statement.reset();
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

// `run` binds and writes the row, the `number`th of its call.
template <class Run>
void run_row(Connection& connection, const Statement& statement, const Table& table,
             std::span<const Cell> cells, std::size_t number, Run&& run) {
  try {
    run();
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

// Every column, those that are absent as the defaults.
void bind_row(Statement& statement, const Table& table, std::span<const Cell> cells,
              std::span<const Cell> defaults, Buffers& buffers) {
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const Cell& cell = cells[column].absent() ? defaults[column] : cells[column];
    bind_cell(statement, static_cast<int>(column) + 1, table, column, cell, buffers[column]);
  }
}

// SQLite goes on with a floating number where a sum is too large, and has no smaller integers.
void check_sum(const Statement& statement, const Table& table,
               std::span<const std::size_t> columns) {
  int result = 0;
  for (const std::size_t column : columns) {
    const bool fits =
        statement.is_integer(result) && (table.columns[column].type == ColumnType::int8 ||
                                         std::in_range<std::int32_t>(statement.integer(result)));
    ++result;
    if (fits) continue;
    throw DataError{"out_of_range", fmt::format("SQLite: table {}, column {}: the sum is too large",
                                                table.name, table.columns[column].name)};
  }
}

/// Another number after somebody else has written.
std::int64_t version_of(Connection& connection) {
  const Use use{connection.prepared("PRAGMA data_version")};
  use->step();
  return use->integer(0);
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
    Connection& connection = writer_->fresh_connection();
    connection.prepared("BEGIN IMMEDIATE").run();
    version_ = version_of(connection);
  } catch (...) {
    writer_->drop();
    writer_->leave();
    throw;
  }
  state_ = State::open;
  savepoint_ = false;
  wrote_before_ = false;
  written_.clear();
}

template <class Made>
void SqliteSession::end_call(Made&& made) {
  if (savepoint_) {
    written_.push_back(made());
  } else {
    wrote_before_ = true;
  }
  state_ = State::open;
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
  check_keys(table, keys);
  check_columns(table, columns);
  Connection& connection = start_call();
  FoundRows found{
      table, {.key_width = table.primary_key.size()}, ordered_first(table.primary_key, columns)};
  for (const Keys& set : keys) {
    const Use use{connection.prepared(select_statement(table, set.columns, found.columns()))};
    each_key(*use, table, set, [&] { found.take(*use); });
  }
  Rows result = std::move(found).in_order();
  // Those of the primary key were not asked for.
  for (const std::size_t column : table.primary_key) {
    if (std::ranges::find(columns, column) != columns.end()) continue;
    for (std::size_t row = 0; row < result.size(); ++row) result[row][column] = Cell{};
  }
  state_ = State::open;
  return result;
}

Rows SqliteSession::scan(const Table& table, const Range& range,
                         std::span<const std::size_t> columns, std::size_t limit) {
  const std::vector<std::size_t> order = order_of(table, range);
  check_columns(table, columns);
  Connection& connection = start_call();
  FoundRows found{table,
                  {.key_width = order.size(), .descending = range.descending, .limit = limit},
                  ordered_first(order, columns)};
  const Use use{connection.prepared(scan_statement(table, range, order, found.columns()))};
  Buffers buffers(range.one_of.size() + 2 + order.size());
  each_choice(range.one_of, [&](std::span<const std::size_t> choice) {
    int parameter = 0;
    const auto bind = [&](std::size_t column, const Cell& cell) {
      FormBuffer& buffer = buffers[static_cast<std::size_t>(parameter)];
      bind_cell(*use, ++parameter, table, column, cell, buffer);
    };
    for (std::size_t i = 0; i < choice.size(); ++i) {
      bind(range.one_of[i].column, range.one_of[i].values[choice[i]]);
    }
    if (range.from) bind(range.column, *range.from);
    if (range.before) bind(range.column, *range.before);
    if (!range.after.empty()) {
      for (const std::size_t column : order) bind(column, range.after[column]);
    }
    constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
    use->bind_int(++parameter, static_cast<std::int64_t>(std::min(limit, most)));
    found.take(*use);
    use->reset();
  });
  Rows result = std::move(found).in_order();
  state_ = State::open;
  return result;
}

std::size_t SqliteSession::erase(const Table& table, std::span<const Keys> keys) {
  check_keys(table, keys);
  Connection& connection = start_call();
  std::size_t count = 0;
  for (const Keys& set : keys) {
    const Use use{connection.prepared(erase_statement(table, set.columns))};
    each_key(*use, table, set, [&] {
      use->run();
      count += static_cast<std::size_t>(connection.changes());
    });
  }
  end_call([&] { return erased(table, keys); });
  return count;
}

std::size_t SqliteSession::add(const Rows& rows, std::span<const std::size_t> columns) {
  check_sums(rows, columns);
  Connection& connection = start_call();
  const Table& table = rows.table();
  const std::vector<Cell> defaults = default_cells(table);
  const Use use{connection.prepared(add_statement(table, columns))};
  Buffers buffers(table.columns.size());
  std::size_t written = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row];
    run_row(connection, *use, table, cells, row, [&] {
      bind_row(*use, table, cells, defaults, buffers);
      if (use->step()) {
        ++written;
        check_sum(*use, table, columns);
      }
      use->reset();
    });
  }
  end_call([&] { return added(rows, columns); });
  return written;
}

std::vector<bool> SqliteSession::insert_missing(const Rows& rows) {
  Connection& connection = start_call();
  const Table& table = rows.table();
  const std::vector<Cell> defaults = default_cells(table);
  const Use use{connection.prepared(insert_statement(table))};
  Buffers buffers(table.columns.size());
  std::vector<bool> went_in(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::span<const Cell> cells = rows[row];
    run_row(connection, *use, table, cells, row, [&] {
      bind_row(*use, table, cells, defaults, buffers);
      use->run();
    });
    went_in[row] = connection.changes() == 1;
  }
  end_call([&] { return inserted(rows); });
  return went_in;
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
      run_row(connection, *use, table, rows[row], row, [&] {
        bind_update(*use, table, columns, rows[row], buffers);
        use->run();
      });
      written += static_cast<std::size_t>(connection.changes());
    }
  }
  end_call([&] { return updated(rows); });
  return written;
}

void SqliteSession::savepoint() {
  Connection& connection = start_call();
  if (savepoint_) connection.prepared("RELEASE part").run();
  connection.prepared("SAVEPOINT part").run();
  savepoint_ = true;
  kept_ = written_.size();
  state_ = State::open;
}

void SqliteSession::rollback_to_savepoint() {
  if (state_ == State::idle || !savepoint_) throw std::logic_error{"SQLite: there is no savepoint"};
  Connection& connection = writer_->connection();
  state_ = State::failed;
  written_.resize(kept_);
  if (!connection.in_transaction()) return write_again();
  connection.prepared("ROLLBACK TO part").run();
  state_ = State::open;
}

void SqliteSession::write_again() {
  Connection& connection = writer_->connection();
  if (!wrote_before_) connection.prepared("BEGIN IMMEDIATE").run();
  if (wrote_before_ || version_of(connection) != version_) {
    throw TransientError{
        "SQLite: the transaction was rolled back by itself and cannot be begun again where it was",
        TransientError::Retry::backoff};
  }
  state_ = State::open;
  for (const WrittenCall& call : std::exchange(written_, {})) call(*this);
  state_ = State::failed;
  connection.prepared("SAVEPOINT part").run();
  state_ = State::open;
}

}  // namespace hangar::sqlite
