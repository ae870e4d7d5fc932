#include "memory_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "hangar/error.hpp"

namespace hangar::testing {
namespace {

// The codes are PostgreSQL's.
[[noreturn]] void refuse(const Table& table, std::size_t column, std::string reason,
                         const char* what, std::string code) {
  const std::string_view name = table.columns[column].name;
  throw DataError{std::move(reason),
                  fmt::format("table {}, column {}: {}", table.name, name, what),
                  {},
                  std::move(code),
                  std::string{name}};
}

TransientError conflict(const Table& table) {
  return TransientError{fmt::format("table {}: another row holds a unique key", table.name),
                        TransientError::Retry::conflict, "23505"};
}

/// For each column of the declaration its place in what is stored.
std::vector<std::size_t> places_of(const MemoryTable& its, const Table& table) {
  std::vector<std::size_t> places;
  for (const Column& column : table.columns) {
    const auto place = its.column(column.name);
    if (!place) {
      throw TransientError{fmt::format("table {} has no column {}", table.name, column.name),
                           TransientError::Retry::when_answerable, "42703"};
    }
    places.push_back(*place);
  }
  return places;
}

std::vector<std::size_t> translated(std::span<const std::size_t> columns,
                                    const std::vector<std::size_t>& places) {
  std::vector<std::size_t> result;
  for (const std::size_t column : columns) result.push_back(places[column]);
  return result;
}

/// Throws std::logic_error for a value of another type than its column.
void check_types(const Rows& rows) {
  const Table& table = rows.table();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const Cell& cell = rows[row][column];
      if (cell.absent() || cell.is_null()) continue;
      if (cell.kind() == kind_of(table.columns[column].type)) continue;
      throw std::logic_error{fmt::format("table {}: a value of another type than its column {}",
                                         table.name, table.columns[column].name)};
    }
  }
}

void fill(Rows& found, const Values& row, std::span<const std::size_t> columns,
          const std::vector<std::size_t>& places) {
  const std::span<Cell> cells = found.add();
  for (const std::size_t column : columns) cells[column] = found.keep(row[places[column]].cell());
}

/// A row of what is stored, made of the cells of one that is new.
Values completed(const MemoryTable& its, std::span<const Cell> cells,
                 const std::vector<std::size_t>& places, Timestamp now) {
  Values row;
  for (const Column& column : its.table().columns) row.emplace_back(default_cell(column, now));
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (!cells[column].absent()) row[places[column]] = Value{cells[column]};
  }
  return row;
}

Values key_of(std::span<const Cell> cells, const Table& table) {
  Values key;
  for (const std::size_t column : table.primary_key) key.emplace_back(cells[column]);
  return key;
}

/// What throws an Error, of the row at this place.
template <class Work>
void at_row(std::size_t place, Work work) {
  try {
    work();
  } catch (Error& error) {
    error.at_row(place);
    throw;
  }
}

/// The sum in the type of the column. Throws DataError where it does not fit.
Cell sum(const Table& table, std::size_t column, const Cell& stored, const Cell& more) {
  std::int64_t total = 0;
  if (table.columns[column].type == ColumnType::int8) {
    const std::int64_t before = stored.is_null() ? 0 : stored.int8();
    if (!__builtin_add_overflow(before, more.int8(), &total)) return total;
  } else {
    total = std::int64_t{stored.is_null() ? 0 : stored.int4()} + more.int4();
    const auto narrow = static_cast<std::int32_t>(total);
    if (narrow == total) return narrow;
  }
  refuse(table, column, "out_of_range", "the sum is too large", "22003");
}

/// Whether a row is in the range, but for `after`.
bool within(const Range& range, const Values& row, const std::vector<std::size_t>& places) {
  const Cell value = row[places[range.column]].cell();
  if (value.is_null()) return false;
  if (range.from && compare(value, *range.from) < 0) return false;
  if (range.before && compare(value, *range.before) >= 0) return false;
  return std::ranges::all_of(range.one_of, [&](const Range::OneOf& some) {
    const Cell its = row[places[some.column]].cell();
    return !its.is_null() && std::ranges::count(some.values, its) > 0;
  });
}

Timestamp present() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

const MemoryTable* MemoryTables::find_table(std::string_view name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

void MemoryTables::create(const Table& table) {
  tables_.emplace(std::string{table.name}, MemoryTable{table});
}

const MemoryTable& MemoryTables::stored(const Table& table) const {
  if (const MemoryTable* its = find_table(table.name)) return *its;
  throw TransientError{fmt::format("there is no table {}", table.name),
                       TransientError::Retry::when_answerable, "42P01"};
}

MemoryTable& MemoryTables::stored(const Table& table) {
  static_cast<void>(std::as_const(*this).stored(table));
  return tables_.find(table.name)->second;
}

MemoryTables::Names MemoryTables::named(const MemoryTable& its, const Table& table,
                                        std::span<const Keys> keys) {
  const auto places = places_of(its, table);
  Names names;
  for (const Keys& key : keys) {
    const auto columns = translated(key.columns, places);
    for (std::size_t i = 0; i < key.values.size(); i += columns.size()) {
      Values values;
      for (std::size_t part = 0; part < columns.size(); ++part) {
        values.emplace_back(key.values[i + part]);
      }
      if (auto name = its.holder(columns, values)) names.insert(*std::move(name));
    }
  }
  return names;
}

Rows MemoryTables::find(const Table& table, std::span<const Keys> keys,
                        std::span<const std::size_t> columns) const {
  check_keys(table, keys);
  check_columns(table, columns);
  const MemoryTable& its = stored(table);
  const auto places = places_of(its, table);
  Rows found{table};
  for (const Values& name : named(its, table, keys))
    fill(found, its.rows().at(name), columns, places);
  return found;
}

Rows MemoryTables::scan(const Table& table, const Range& range,
                        std::span<const std::size_t> columns, std::size_t limit) const {
  const std::vector<std::size_t> order = order_of(table, range);
  check_columns(table, columns);
  const MemoryTable& its = stored(table);
  const auto places = places_of(its, table);
  const auto by_order = translated(order, places);
  const ValuesLess less;
  const auto before = [&](const Values& left, const Values& right) {
    return range.descending ? less(right, left) : less(left, right);
  };
  Values after;
  if (!range.after.empty()) {
    for (const std::size_t column : order) after.emplace_back(range.after[column]);
  }
  std::vector<std::pair<Values, const Values*>> all;
  for (const auto& [name, row] : its.rows()) {
    if (!within(range, row, places)) continue;
    Values place = values_of(row, by_order);
    if (after.empty() || before(after, place)) all.emplace_back(std::move(place), &row);
  }
  std::ranges::sort(
      all, [&](const auto& left, const auto& right) { return before(left.first, right.first); });
  std::set<std::size_t> filled{columns.begin(), columns.end()};
  filled.insert(order.begin(), order.end());
  const std::vector<std::size_t> asked{filled.begin(), filled.end()};
  Rows found{table};
  for (std::size_t i = 0; i < std::min(limit, all.size()); ++i) {
    fill(found, *all[i].second, asked, places);
  }
  return found;
}

void MemoryTables::check_constraints(const MemoryTable& its, const Values& row) const {
  const Table& table = its.table();
  for (std::size_t column = 0; column < row.size(); ++column) {
    const Cell cell = row[column].cell();
    const Column& declared = table.columns[column];
    if (cell.is_null()) {
      if (!declared.nullable) refuse(table, column, "not_null", "it needs a value", "23502");
    } else if (declared.type == ColumnType::float8 && std::isnan(cell.float8())) {
      refuse(table, column, "out_of_range", "NaN is no number", "22003");
    } else if (declared.type == ColumnType::enumeration &&
               std::ranges::count(table.enumeration_values, cell.text()) == 0) {
      refuse(table, column, "invalid_text", "it has no such word", "22P02");
    }
  }
  for (const ForeignKey& key : table.foreign_keys) {
    check_reference(its, key, row[key.column].cell());
  }
}

void MemoryTables::check_reference(const MemoryTable& its, const ForeignKey& key,
                                   const Cell& value) const {
  if (value.is_null()) return;
  if (const MemoryTable* target = find_table(key.table)) {
    if (const auto id = target->column("id")) {
      if (target->holder(std::vector{*id}, {Value{value}})) return;
    }
  }
  refuse(its.table(), key.column, "foreign_key", "the row that it refers to is not stored",
         "23503");
}

std::vector<bool> MemoryTables::insert_missing(const Rows& rows) {
  check_types(rows);
  MemoryTable& its = stored(rows.table());
  const auto places = places_of(its, rows.table());
  const Timestamp now = present();
  std::vector<bool> inserted;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Values row = completed(its, rows[i], places, now);
    const bool free = !its.rows().contains(its.primary_key(row)) && !its.conflicts(row);
    if (free) {
      at_row(i, [&] { check_constraints(its, row); });
      its.put(std::move(row));
    }
    inserted.push_back(free);
  }
  return inserted;
}

std::size_t MemoryTables::update(const Rows& rows) {
  check_types(rows);
  const Table& table = rows.table();
  MemoryTable& its = stored(table);
  const auto places = places_of(its, table);
  std::size_t written = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = its.rows().find(key_of(rows[i], table));
    if (found == its.rows().end()) continue;
    Values row = found->second;
    bool changed = false;
    for (std::size_t column = 0; column < places.size(); ++column) {
      if (rows[i][column].absent() || table.in_primary_key(column)) continue;
      row[places[column]] = Value{rows[i][column]};
      changed = true;
    }
    if (!changed) continue;
    at_row(i, [&] {
      check_constraints(its, row);
      if (its.conflicts(row)) throw conflict(table);
    });
    its.put(std::move(row));
    ++written;
  }
  return written;
}

std::size_t MemoryTables::add(const Rows& rows, std::span<const std::size_t> columns) {
  check_sums(rows, columns);
  check_types(rows);
  const Table& table = rows.table();
  MemoryTable& its = stored(table);
  const auto places = places_of(its, table);
  const Timestamp now = present();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = its.rows().find(key_of(rows[i], table));
    const bool fresh = found == its.rows().end();
    Values row = fresh ? completed(its, rows[i], places, now) : found->second;
    at_row(i, [&] {
      if (fresh) {
        check_constraints(its, row);
        if (its.conflicts(row)) throw conflict(table);
        return;
      }
      for (const std::size_t column : columns) {
        Value& value = row[places[column]];
        value = Value{sum(table, column, value.cell(), rows[i][column])};
      }
    });
    its.put(std::move(row));
  }
  return rows.size();
}

std::size_t MemoryTables::erase(const Table& table, std::span<const Keys> keys) {
  check_keys(table, keys);
  MemoryTable& its = stored(table);
  const Names names = named(its, table, keys);
  erase(its, names);
  return names.size();
}

void MemoryTables::erase(MemoryTable& its, const Names& names) {
  if (names.empty()) return;
  Names ids;
  const auto id = its.column("id");
  for (const Values& name : names) {
    if (id) ids.insert({its.rows().at(name)[*id]});
    its.erase(name);
  }
  for (auto& [other_name, other] : tables_) {
    for (const ForeignKey& key : other.table().foreign_keys) {
      if (key.table != its.table().name) continue;
      Names theirs;
      for (const auto& [name, row] : other.rows()) {
        if (ids.contains({row[key.column]})) theirs.insert(name);
      }
      erase(other, theirs);
    }
  }
}

}  // namespace hangar::testing
