#include "verify/shadow_tables.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

#include "hangar/error.hpp"
#include "verify/key_text.hpp"
#include "verify/row_range.hpp"

namespace hangar {
namespace {

constexpr std::size_t primary_key = 0;

void copy_cells(std::span<const Cell> from, std::span<const std::size_t> columns, Rows& rows) {
  const auto row = rows.add();
  for (const std::size_t column : columns) row[column] = rows.keep(from[column]);
}

/// The sum of two numbers of one type. Throws DataError as a database does.
Cell sum(const Column& column, const Cell& stored, const Cell& added) {
  if (stored.is_null() || stored.absent()) return added;
  std::int64_t large = 0;
  std::int32_t small = 0;
  if (added.kind() == Cell::Kind::int8) {
    if (!__builtin_add_overflow(stored.int8(), added.int8(), &large)) return large;
  } else if (!__builtin_add_overflow(stored.int4(), added.int4(), &small)) {
    return small;
  }
  throw DataError{"out_of_range", std::string{column.name} + ": the sum is too large"};
}

}  // namespace

void ShadowTables::declare(std::span<const Table* const> tables) {
  for (const Table* table : tables) {
    if (table->primary_key.size() != 1 || table->primary_key.front() != primary_key ||
        table->columns.front().type != ColumnType::uuid) {
      throw ConfigError{"table " + std::string{table->name} +
                        ": its rows cannot be verified, because their primary key is not one uuid, "
                        "the first column"};
    }
    ShadowTable& kept = tables_.emplace_back(ShadowTable{.table = table});
    for (const Index& index : table->indexes) {
      if (!index.unique) continue;
      UniqueKey& key = kept.unique_keys.emplace_back();
      for (const Index::Part& part : index.parts) key.columns.push_back(part.column);
    }
  }
  for (ShadowTable& kept : tables_) {
    if (kept.table->foreign_keys.empty()) continue;
    const auto name = kept.table->foreign_keys.front().table;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].table->name == name && tables_[i].table != kept.table) kept.parent = i;
    }
  }
}

std::size_t ShadowTables::number_of(const Table& table) const {
  const auto found = std::ranges::find(tables_, &table, &ShadowTable::table);
  if (found == tables_.end()) throw std::logic_error{"a table that was not declared"};
  return static_cast<std::size_t>(found - tables_.begin());
}

Rows ShadowTables::find(const Table& table, std::span<const Keys> keys,
                        std::span<const std::size_t> columns) const {
  check_columns(table, columns);
  const ShadowTable& kept = tables_[number_of(table)];
  Rows rows{table};
  for (const Uuid& id : ids_of(kept, keys)) {
    copy_cells(kept.rows.at(id).row.cells(), columns, rows);
  }
  return rows;
}

std::set<Uuid> ShadowTables::ids_of(const ShadowTable& kept, std::span<const Keys> keys) const {
  check_keys(*kept.table, keys);
  std::set<Uuid> ids;
  std::vector<Cell> cells(kept.table->columns.size());
  for (const Keys& set : keys) {
    const auto unique = std::ranges::find(kept.unique_keys, set.columns, &UniqueKey::columns);
    const bool by_id = set.columns == std::vector<std::size_t>{primary_key};
    for (std::size_t first = 0; first < set.values.size(); first += set.columns.size()) {
      if (by_id) {
        if (set.values[first].is_null()) continue;
        if (kept.rows.contains(set.values[first].uuid())) ids.insert(set.values[first].uuid());
        continue;
      }
      for (std::size_t part = 0; part < set.columns.size(); ++part) {
        cells[set.columns[part]] = set.values[first + part];
      }
      const auto key = key_text(cells, set.columns);
      if (!key) continue;
      if (const auto found = unique->ids.find(*key); found != unique->ids.end())
        ids.insert(found->second);
    }
  }
  return ids;
}

Rows ShadowTables::scan(const Table& table, const Range& range,
                        std::span<const std::size_t> columns, std::size_t limit) const {
  const RowRange rows_of{table, range};
  check_columns(table, columns);
  std::vector<std::span<const Cell>> found;
  for (const auto& [id, kept] : tables_[number_of(table)].rows) {
    if (rows_of.holds(kept.row.cells())) found.push_back(kept.row.cells());
  }
  std::ranges::sort(found, [&](auto one, auto other) { return rows_of.before(one, other); });
  std::vector<std::size_t> all = rows_of.order();
  all.insert(all.end(), columns.begin(), columns.end());
  Rows rows{table};
  for (const auto& row : std::span{found}.first(std::min(limit, found.size()))) {
    copy_cells(row, all, rows);
  }
  return rows;
}

bool ShadowTables::conflicts(const ShadowTable& table, std::span<const Cell> cells) {
  if (table.rows.contains(cells[primary_key].uuid())) return true;
  return std::ranges::any_of(table.unique_keys, [&](const UniqueKey& unique) {
    const auto key = key_text(cells, unique.columns);
    return key && unique.ids.contains(*key);
  });
}

// By a unique key before the id, because one row may be known by several ids.
std::uint64_t ShadowTables::rank(const ShadowTable& table, std::span<const Cell> cells) const {
  std::optional<std::string> key;
  for (const UniqueKey& unique : table.unique_keys) {
    if (!key) key = key_text(cells, unique.columns);
  }
  constexpr std::array id{primary_key};
  if (!key) key = key_text(cells, id);
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed_;
  for (const char c : *key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  // The finish of splitmix64: FNV's upper bits are poor.
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

bool ShadowTables::wanted(std::size_t number, std::span<const Cell> cells) const {
  const ShadowTable& table = tables_[number];
  if (table.parent) {
    const Cell& parent = cells[table.table->foreign_keys.front().column];
    if (!parent.is_null()) return tables_[*table.parent].rows.contains(parent.uuid());
  }
  return !cut_ || rank(table, cells) < *cut_;
}

std::vector<bool> ShadowTables::insert_missing(const Rows& rows) {
  const std::size_t number = number_of(rows.table());
  std::vector<bool> inserted;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool free = !conflicts(tables_[number], rows[i]);
    if (free && wanted(number, rows[i])) insert(number, rows[i]);
    inserted.push_back(free);
  }
  return inserted;
}

void ShadowTables::add(const Rows& rows, std::span<const std::size_t> columns) {
  check_sums(rows, columns);
  const Table& table = rows.table();
  const std::size_t number = number_of(table);
  Rows sums{table};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = tables_[number].rows.find(rows[i][primary_key].uuid());
    const bool there = found != tables_[number].rows.end();
    std::vector<Cell> cells{rows[i].begin(), rows[i].end()};
    for (const std::size_t column : columns) {
      const Cell stored = there ? found->second.row.cells()[column] : Cell{};
      cells[column] = sum(table.columns[column], stored, cells[column]).on(Cell::Basis::inferred);
    }
    if (there) {
      const auto change = sums.add();
      change[primary_key] = cells[primary_key];
      for (const std::size_t column : columns) change[column] = cells[column];
    } else if (!conflicts(tables_[number], cells) && wanted(number, cells)) {
      insert(number, cells);
    }
  }
  update(sums);
}

void ShadowTables::insert(std::size_t number, std::span<const Cell> cells) {
  ShadowTable& table = tables_[number];
  const Uuid id = cells[primary_key].uuid();
  Kept kept{.row = ShadowRow{cells}, .whole = whole_, .touched = ++clock_};
  if (sample_) kept.rank = rank(table, cells);
  const std::uint64_t its_rank = kept.rank;
  bytes_ += kept.row.bytes();
  table.rows.emplace(id, std::move(kept));
  note_keys(number, cells);
  const Cell* const parent =
      table.parent ? &cells[table.table->foreign_keys.front().column] : nullptr;
  if (parent != nullptr && !parent->is_null()) {
    tables_[*table.parent].rows.at(parent->uuid()).parts.emplace_back(number, id);
    return;
  }
  ++roots_;
  if (sample_) {
    ranks_.emplace(its_rank, Name{number, id});
    keep_to_sample();
  }
}

void ShadowTables::keep_to_sample() {
  while (ranks_.size() > *sample_) {
    const auto last = std::prev(ranks_.end());
    cut_ = last->first;
    const Name name = last->second;
    ranks_.erase(last);
    erase(name);
  }
}

void ShadowTables::note_keys(std::size_t number, std::span<const Cell> cells) {
  for (UniqueKey& unique : tables_[number].unique_keys) {
    if (auto key = key_text(cells, unique.columns)) {
      unique.ids.insert_or_assign(*std::move(key), cells[primary_key].uuid());
    }
  }
}

void ShadowTables::update(const Rows& rows) {
  const std::size_t number = number_of(rows.table());
  ShadowTable& table = tables_[number];
  // First all old keys go, because rows of one update may exchange them.
  const auto each = [&](const auto& action) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = table.rows.find(rows[i][primary_key].uuid());
      if (found != table.rows.end()) action(found->second, rows[i]);
    }
  };
  each([&](const Kept& kept, std::span<const Cell>) {
    for (UniqueKey& unique : table.unique_keys) {
      if (const auto key = key_text(kept.row.cells(), unique.columns)) unique.ids.erase(*key);
    }
  });
  each([&](Kept& kept, std::span<const Cell> cells) {
    bytes_ -= kept.row.bytes();
    kept.row.update(cells);
    kept.touched = ++clock_;
    bytes_ += kept.row.bytes();
    note_keys(number, kept.row.cells());
  });
}

std::vector<ShadowTables::Name> ShadowTables::longest_untouched(std::size_t most) const {
  std::vector<std::pair<std::uint64_t, Name>> found;
  for (std::size_t number = 0; number < tables_.size(); ++number) {
    const ShadowTable& table = tables_[number];
    for (const auto& [id, kept] : table.rows) {
      const bool root =
          !table.parent || kept.row.cells()[table.table->foreign_keys.front().column].is_null();
      if (root) found.emplace_back(kept.touched, Name{number, id});
    }
  }
  std::ranges::sort(found);
  std::vector<Name> names;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i) names.push_back(found[i].second);
  return names;
}

const ShadowTables::Kept& ShadowTables::at(const Name& name) const {
  return tables_[name.first].rows.at(name.second);
}

std::size_t ShadowTables::erase(const Table& table, std::span<const Keys> keys) {
  const std::size_t number = number_of(table);
  const std::set<Uuid> ids = ids_of(tables_[number], keys);
  if (dropped_) {
    throw std::logic_error{
        "rows are deleted after others were compared: verify a sample that memory holds as a "
        "whole (--sample)"};
  }
  for (const Uuid& id : ids) erase_row({number, id});
  return ids.size();
}

void ShadowTables::erase_row(const Name& name) {
  const auto& [number, id] = name;
  const ShadowTable& table = tables_[number];
  const Kept& kept = table.rows.at(id);
  const Cell parent =
      table.parent ? kept.row.cells()[table.table->foreign_keys.front().column] : Cell::null();
  if (parent.is_null()) {
    ranks_.erase({kept.rank, name});
  } else {
    ++roots_;  // `erase` counts every row that it begins at as a root.
    const auto owner = tables_[*table.parent].rows.find(parent.uuid());
    if (owner != tables_[*table.parent].rows.end()) std::erase(owner->second.parts, name);
  }
  erase(name);
}

void ShadowTables::drop(const Name& root) {
  whole_ = false;
  dropped_ = true;
  ranks_.erase({at(root).rank, root});
  erase(root);
}

void ShadowTables::erase(const Name& name) {
  std::vector<Name> names{name};
  --roots_;
  while (!names.empty()) {
    const auto [number, id] = names.back();
    names.pop_back();
    ShadowTable& table = tables_[number];
    const auto found = table.rows.find(id);
    const Kept& kept = found->second;
    names.insert(names.end(), kept.parts.begin(), kept.parts.end());
    for (UniqueKey& unique : table.unique_keys) {
      if (const auto key = key_text(kept.row.cells(), unique.columns)) unique.ids.erase(*key);
    }
    bytes_ -= kept.row.bytes();
    table.rows.erase(found);
  }
}

}  // namespace hangar
