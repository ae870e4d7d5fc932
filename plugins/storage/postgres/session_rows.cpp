#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include "hangar/error.hpp"
#include "session.hpp"

// How a session writes rows, and finds the one that is refused.
namespace hangar::postgres {
namespace {

// Large enough that PostgreSQL's work for one more statement does not show, small enough that the
// buffers stay in the cache and PostgreSQL writes one piece while the next is encoded.
constexpr std::size_t piece_bytes = 512U << 10U;

// The server takes rows as they come, so here only the cache counts.
constexpr std::size_t copy_bytes = 64U << 10U;

// Fewer rows are not worth the round trips.
constexpr std::size_t worth_a_copy = 50;
constexpr std::size_t careful_transactions = 20;

std::size_t bytes_of(std::span<const Cell> row) {
  std::size_t bytes = row.size() * 8;
  for (const Cell& cell : row) {
    bytes += cell.viewed().size();
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
    try {
      send(first, i + 1);
    } catch (DataError& error) {
      if (error.row()) error.at_row(first + *error.row());
      throw;
    }
    first = i + 1;
    bytes = 0;
  }
}

/// Whether COPY itself may be what is refused: it is not supported there, or not allowed, or the
/// table is none that takes it. Anything else would meet an INSERT too.
bool refuses_copy(std::string_view sqlstate) {
  return sqlstate.starts_with("0A") || sqlstate.starts_with("42") || sqlstate == "55000";
}

/// As COPY takes it in its binary form.
void encode_row(Encoder& encoder, const Table& table, std::span<const Cell> row,
                std::span<const Cell> defaults) {
  encoder.reserve(sizeof(std::int16_t));
  encoder.put(static_cast<std::int16_t>(table.columns.size()));
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    const Cell& cell = row[column];
    encoder.add(table.columns[column].type, cell.absent() ? defaults[column] : cell);
  }
}

std::size_t rows_written(const std::vector<Result>& results, std::string_view command) {
  std::size_t rows = 0;
  for (const Result& result : results) {
    if (std::string_view{PQcmdStatus(result.get())}.starts_with(command)) rows += rows_of(result);
  }
  return rows;
}

/// Whether the row has the primary key that the result's columns are.
bool is_row_of_key(const Rows& rows, std::size_t row, const PGresult* result, int found) {
  const Table& table = rows.table();
  for (std::size_t part = 0; part < table.primary_key.size(); ++part) {
    const std::size_t column = table.primary_key[part];
    const Cell stored =
        cell_from_binary(table.columns[column].type, value(result, found, static_cast<int>(part)));
    if (rows[row][column] != stored) return false;
  }
  return true;
}

bool only_keys(const Table& table, std::span<const Cell> cells) {
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (!cells[column].absent() && !table.in_primary_key(column)) return false;
  }
  return true;
}

bool before(const Table& table, std::span<const Cell> one, std::span<const Cell> other) {
  for (const std::size_t column : table.primary_key) {
    const auto order = compare(one[column], other[column]);
    if (order != 0) return order < 0;
  }
  return false;
}

}  // namespace

void PostgresSession::mark_call(std::size_t count) {
  if (savepoint_ && count > 1) connection_->send("SAVEPOINT call");
}

template <class Send>
std::vector<Result> PostgresSession::finish_rows(std::string_view doing, std::string_view needs,
                                                 std::size_t count, Send&& send) {
  try {
    return connection_->finish(doing, needs);
  } catch (DataError& error) {
    if (savepoint_) error.at_row(refused_row(doing, count, send));
    throw;
  } catch (TransientError& error) {
    if (savepoint_ && error.row_may_be_at_fault()) error.at_row(refused_row(doing, count, send));
    throw;
  }
}

// Statements of fewer rows at once: the first that fails has the row, and none after it is
// executed.
template <class Send>
std::optional<std::size_t> PostgresSession::refused_row(std::string_view doing, std::size_t count,
                                                        Send&& send) {
  constexpr std::size_t statements_at_once = 8;
  std::size_t first = 0;
  for (std::size_t last = count; last - first > 1;) {
    const std::size_t step = (last - first + statements_at_once - 1) / statements_at_once;
    connection_->send("ROLLBACK TO SAVEPOINT call");
    for (std::size_t at = first; at < last; at += step) send(at, std::min(at + step, last));
    if (!is_refused(doing)) return std::nullopt;  // It was refused for its company.
    const std::size_t done = connection_->done_before_failure();
    if (done == 0) return std::nullopt;
    first += (done - 1) * step;
    last = std::min(first + step, last);
  }
  return first;
}

bool PostgresSession::is_refused(std::string_view doing) {
  try {
    static_cast<void>(connection_->finish(doing));
    return false;
  } catch (const DataError&) {
    return true;
  } catch (const TransientError& error) {
    if (!error.row_may_be_at_fault()) throw;
    return true;
  }
}

template <class RowAt>
void PostgresSession::send_insert(const std::string& statement, const Table& table,
                                  std::size_t count, RowAt&& row, std::span<const Cell> defaults) {
  parameters_.clear();
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    parameters_.add_column(table.columns[column].type, count, [&](std::size_t i) {
      const Cell& cell = row(i)[column];
      return cell.absent() ? defaults[column] : cell;
    });
  }
  connection_->send(statement, parameters_);
}

// PostgreSQL writes rows that come by COPY many at a time, with a third less work than INSERT and
// half as much as ON CONFLICT takes, but does not leave out those that are there already. They are
// rare, and come in company: redelivered, or of a stream that is recorded again.
//
// A database may also refuse COPY where it takes INSERT: row-level security, a proxy that does not
// know it. That is found out once for each table and session.
std::vector<bool> PostgresSession::insert_missing(const Rows& rows) {
  Statements& texts = statements(rows.table());
  // A COPY names the row that it fails at, where it fails at one.
  const std::size_t least = savepoint_ ? 2 : worth_a_copy;
  if (rows.size() < least || careful_ > 0 || !texts.copies) return insert_each(rows);
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
  } catch (const DataError& error) {
    if (!savepoint_ || error.row()) throw;
    copied = Copied::without_row;  // An AFTER trigger refuses a row, which INSERT names.
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
  const std::vector<Cell> defaults = default_cells(table);
  connection_->begin_copy(texts.copy, texts.inserting);
  // https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format"
  constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
  encoder_.clear();
  encoder_.reserve(head.size());
  encoder_.put_bytes(head.data(), head.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    try {
      encode_row(encoder_, table, rows[row], defaults);
    } catch (DataError& error) {
      error.at_row(row);
      connection_->abandon_copy();
      throw;
    } catch (...) {
      connection_->abandon_copy();
      throw;
    }
    if (encoder_.size() < copy_bytes) continue;
    connection_->write_copy({encoder_.data(), encoder_.size()});
    encoder_.clear();
  }
  encoder_.reserve(sizeof(std::int16_t));
  encoder_.put<std::int16_t>(-1);
  connection_->write_copy({encoder_.data(), encoder_.size()});
  return connection_->end_copy(texts.inserting, table.name);
}

std::vector<bool> PostgresSession::insert_each(const Rows& rows) {
  std::vector<bool> inserted(rows.size(), false);
  if (rows.empty()) return inserted;
  const Statements& texts = statements(rows.table());
  const bool first_statement = transaction_ != Transaction::open;
  open_transaction();
  mark_call(rows.size());
  const std::vector<Cell> defaults = default_cells(rows.table());
  const auto send = [&](std::size_t first, std::size_t last) {
    const auto row = [&](std::size_t i) { return rows[first + i]; };
    send_insert(texts.insert, rows.table(), last - first, row, defaults);
  };
  in_pieces(
      rows.size(), [&](std::size_t i) { return rows[i]; }, send);
  const std::vector<Result> results = finish_rows(
      texts.inserting, fmt::format("SELECT, INSERT ON {}", rows.table().name), rows.size(), send);
  // Keys come back in the order of the rows, so one walk over both tells which ones are missing.
  std::size_t row = 0;
  for (std::size_t i = first_statement ? 2 : 0; i < results.size(); ++i) {
    const PGresult* result = results[i].get();
    for (int found = 0; found < PQntuples(result); ++found) {
      while (row < rows.size() && !is_row_of_key(rows, row, result, found)) ++row;
      if (row == rows.size()) throw std::logic_error{"PostgreSQL returned a key that was not sent"};
      inserted[row++] = true;
    }
  }
  return inserted;
}

void PostgresSession::send_update(const Rows& rows, std::span<const std::size_t> order,
                                  UpdateForm form) {
  const Table& table = rows.table();
  const std::vector<std::size_t> columns = update_columns(table, form);
  const Statements& texts = statements(table);
  std::vector<std::uint64_t> masks(order.size(), 0);
  parameters_.clear();
  for (const std::size_t part : table.primary_key) {
    parameters_.add_column(table.columns[part].type, order.size(),
                           [&](std::size_t i) { return rows[order[i]][part]; });
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const std::size_t column : columns) {
      const std::uint64_t bit = std::uint64_t{1} << column;
      if (!rows[order[i]][column].absent()) masks[i] |= bit;
    }
  }
  parameters_.add_masks(masks);
  for (const std::size_t column : columns) {
    parameters_.add_column(table.columns[column].type, order.size(),
                           [&](std::size_t i) { return rows[order[i]][column]; });
  }
  connection_->send(form == UpdateForm::leaves_keys ? texts.update : texts.update_with_keys,
                    parameters_);
}

std::size_t PostgresSession::update(const Rows& rows) {
  const Table& table = rows.table();
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!only_keys(table, rows[row])) order.push_back(row);
  }
  std::ranges::sort(order, [&](std::size_t one, std::size_t other) {
    return before(table, rows[one], rows[other]);
  });
  const auto writes_keys = [&](std::size_t row) {
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      if (rows[row][column].absent() || table.in_primary_key(column)) continue;
      if (table.in_unique_key(column)) return true;
    }
    return false;
  };
  const auto wide = std::stable_partition(order.begin(), order.end(), std::not_fn(writes_keys));
  if (order.empty()) return 0;
  open_transaction();
  plan_for(table);
  const std::span all{order};
  const auto narrow = static_cast<std::size_t>(wide - order.begin());
  const std::string& updating = statements(table).updating;
  const std::string needs = fmt::format("SELECT, UPDATE ON {}", table.name);
  std::size_t written = 0;
  for (const auto form : {UpdateForm::leaves_keys, UpdateForm::writes_keys}) {
    const auto some = form == UpdateForm::leaves_keys ? all.first(narrow)
                                                      : all.subspan(narrow, all.size() - narrow);
    const auto send = [&](std::size_t first, std::size_t last) {
      send_update(rows, some.subspan(first, last - first), form);
    };
    try {
      mark_call(some.size());
      in_pieces(
          some.size(), [&](std::size_t i) { return rows[some[i]]; }, send);
      if (!savepoint_ || some.empty()) continue;
      written += rows_written(finish_rows(updating, needs, some.size(), send), "UPDATE");
    } catch (Error& error) {
      if (error.row()) error.at_row(some[*error.row()]);
      throw;
    }
  }
  return savepoint_ ? written : rows_written(connection_->finish(updating, needs), "UPDATE");
}

std::size_t PostgresSession::add(const Rows& rows, std::span<const std::size_t> columns) {
  check_sums(rows, columns);
  if (rows.empty()) return 0;
  const Table& table = rows.table();
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t one, std::size_t other) {
    return before(table, rows[one], rows[other]);
  });
  open_transaction();
  mark_call(order.size());
  const std::string statement = add_statement(table, columns);
  const std::vector<Cell> defaults = default_cells(table);
  const auto send = [&](std::size_t first, std::size_t last) {
    const auto row = [&](std::size_t i) { return rows[order[first + i]]; };
    send_insert(statement, table, last - first, row, defaults);
  };
  try {
    in_pieces(
        order.size(), [&](std::size_t i) { return rows[order[i]]; }, send);
    return rows_written(
        finish_rows(fmt::format("add to {}", table.name),
                    fmt::format("SELECT, INSERT, UPDATE ON {}", table.name), order.size(), send),
        "INSERT");
  } catch (Error& error) {
    if (error.row()) error.at_row(order[*error.row()]);
    throw;
  }
}

}  // namespace hangar::postgres
