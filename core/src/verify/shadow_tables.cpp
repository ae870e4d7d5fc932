#include "verify/shadow_tables.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

#include "verify/filled_row.hpp"
#include "verify/key_text.hpp"
#include "verify/row_range.hpp"

namespace hangar {
namespace {

bool has_generated_key(const Table& table, std::span<const Cell> cells) {
  return std::ranges::any_of(table.primary_key, [&](std::size_t part) {
    return cells[part].basis() == Cell::Basis::generated;
  });
}

void copy_cells(std::span<const Cell> from, std::span<const std::size_t> columns, Rows& rows) {
  const auto row = rows.add();
  for (const std::size_t column : columns) row[column] = rows.keep(from[column]);
}

}  // namespace

void ShadowTables::declare(std::span<const Table* const> tables) {
  for (const Table* table : tables) {
    ShadowTable& kept = tables_.emplace_back(ShadowTable{.table = table});
    for (const Index& index : table->indexes) {
      if (!index.unique) continue;
      UniqueKey& key = kept.unique_keys.emplace_back();
      for (const Index::Part& part : index.parts) key.columns.push_back(part.column);
    }
  }
  for (ShadowTable& kept : tables_) {
    if (kept.table->foreign_keys.empty()) continue;
    const auto owner = kept.table->foreign_keys.front().table;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const Table& other = *tables_[i].table;
      const bool by_id =
          other.primary_key.size() == 1 && other.columns[other.primary_key.front()].name == "id";
      if (other.name == owner && &other != kept.table && by_id) kept.parent = i;
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
  for (const std::string& id : ids_of(kept, keys)) {
    copy_cells(kept.rows.at(id).row.cells(), columns, rows);
  }
  return rows;
}

std::optional<std::string> ShadowTables::parent_of(const ShadowTable& table,
                                                   std::span<const Cell> cells) {
  if (!table.parent) return std::nullopt;
  return key_text(cells, std::array{table.table->foreign_keys.front().column});
}

std::set<std::string> ShadowTables::ids_of(const ShadowTable& kept,
                                           std::span<const Keys> keys) const {
  check_keys(*kept.table, keys);
  std::set<std::string> ids;
  std::vector<Cell> cells(kept.table->columns.size());
  for (const Keys& set : keys) {
    const auto unique = std::ranges::find(kept.unique_keys, set.columns, &UniqueKey::columns);
    const bool by_id = set.columns == kept.table->primary_key;
    for (std::size_t first = 0; first < set.values.size(); first += set.columns.size()) {
      for (std::size_t part = 0; part < set.columns.size(); ++part) {
        cells[set.columns[part]] = set.values[first + part];
      }
      const auto key = key_text(cells, set.columns);
      if (!key) continue;
      if (by_id) {
        if (kept.rows.contains(*key)) ids.insert(*key);
      } else if (const auto found = unique->ids.find(*key); found != unique->ids.end()) {
        ids.insert(found->second);
      }
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
  if (table.rows.contains(primary_key_text(*table.table, cells))) return true;
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
  if (!key) key = primary_key_text(*table.table, cells);
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed_;
  for (const char c : *key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  // The finish of splitmix64: FNV's upper bits are poor.
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

bool ShadowTables::wanted(std::size_t number, std::span<const Cell> cells) const {
  const ShadowTable& table = tables_[number];
  if (table.unique_keys.empty() && has_generated_key(*table.table, cells)) return false;
  if (const auto parent = parent_of(table, cells)) {
    return tables_[*table.parent].rows.contains(*parent);
  }
  return !cut_ || rank(table, cells) < *cut_;
}

std::vector<bool> ShadowTables::insert_missing(const Rows& rows) {
  const std::size_t number = number_of(rows.table());
  const std::vector<Cell> defaults = declared_defaults(rows.table());
  std::vector<bool> inserted;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Cell> cells = with_defaults(rows[i], defaults);
    const bool free = !conflicts(tables_[number], cells);
    if (free && wanted(number, cells)) insert(number, cells);
    inserted.push_back(free);
  }
  return inserted;
}

void ShadowTables::add(const Rows& rows, std::span<const std::size_t> columns) {
  check_sums(rows, columns);
  const Table& table = rows.table();
  const std::size_t number = number_of(table);
  const std::vector<Cell> defaults = declared_defaults(table);
  Rows sums{table};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = tables_[number].rows.find(primary_key_text(table, rows[i]));
    const bool there = found != tables_[number].rows.end();
    std::vector<Cell> cells = with_defaults(rows[i], defaults);
    for (const std::size_t column : columns) {
      const Cell stored = there ? found->second.row.cells()[column] : Cell{};
      cells[column] = sum(table.columns[column], stored, cells[column]).on(Cell::Basis::inferred);
    }
    if (there) {
      const auto change = sums.add();
      for (const std::size_t part : table.primary_key) change[part] = cells[part];
      for (const std::size_t column : columns) change[column] = cells[column];
    } else if (!conflicts(tables_[number], cells) && wanted(number, cells)) {
      insert(number, cells);
    }
  }
  update(sums);
}

void ShadowTables::insert(std::size_t number, std::span<const Cell> cells) {
  ShadowTable& table = tables_[number];
  std::string id = primary_key_text(*table.table, cells);
  Kept kept{.row = ShadowRow{cells}, .whole = whole_, .touched = ++clock_};
  if (sample_) kept.rank = rank(table, cells);
  bytes_ += kept.row.bytes();
  table.rows.emplace(id, std::move(kept));
  note_keys(number, cells);
  attach({number, std::move(id)});
  if (sample_) keep_to_sample();
}

void ShadowTables::attach(const Name& name) {
  const ShadowTable& table = tables_[name.first];
  const Kept& kept = table.rows.at(name.second);
  const auto parent = parent_of(table, kept.row.cells());
  if (!parent) {
    ++roots_;
    if (sample_) ranks_.emplace(kept.rank, name);
    return;
  }
  auto& owners = tables_[*table.parent].rows;
  if (const auto owner = owners.find(*parent); owner != owners.end()) {
    owner->second.parts.push_back(name);
  } else {
    ++roots_;  // `erase` counts every row that it begins at as a root.
    erase(name);
  }
}

void ShadowTables::detach(const Name& name, const std::optional<std::string>& parent) {
  const ShadowTable& table = tables_[name.first];
  if (!parent) {
    --roots_;
    ranks_.erase({table.rows.at(name.second).rank, name});
    return;
  }
  auto& owners = tables_[*table.parent].rows;
  if (const auto owner = owners.find(*parent); owner != owners.end()) {
    std::erase(owner->second.parts, name);
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
      unique.ids.insert_or_assign(*std::move(key), primary_key_text(*tables_[number].table, cells));
    }
  }
}

void ShadowTables::update(const Rows& rows) {
  const std::size_t number = number_of(rows.table());
  ShadowTable& table = tables_[number];
  // First all old keys go, because rows of one update may exchange them.
  const auto each = [&](const auto& action) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = table.rows.find(primary_key_text(*table.table, rows[i]));
      if (found != table.rows.end()) action(found->second, rows[i]);
    }
  };
  each([&](const Kept& kept, std::span<const Cell>) {
    for (UniqueKey& unique : table.unique_keys) {
      if (const auto key = key_text(kept.row.cells(), unique.columns)) unique.ids.erase(*key);
    }
  });
  std::vector<std::pair<Name, std::optional<std::string>>> moved;
  each([&](Kept& kept, std::span<const Cell> cells) {
    const auto parent = parent_of(table, kept.row.cells());
    bytes_ -= kept.row.bytes();
    kept.row.update(cells);
    kept.touched = ++clock_;
    bytes_ += kept.row.bytes();
    note_keys(number, kept.row.cells());
    if (parent_of(table, kept.row.cells()) != parent) {
      moved.emplace_back(Name{number, primary_key_text(*table.table, cells)}, parent);
    }
  });
  for (const auto& [name, parent] : moved) {
    if (!table.rows.contains(name.second)) continue;
    detach(name, parent);
    attach(name);
  }
  if (sample_) keep_to_sample();
}

std::vector<ShadowTables::Name> ShadowTables::longest_untouched(std::size_t most) const {
  std::vector<std::pair<std::uint64_t, Name>> found;
  for (std::size_t number = 0; number < tables_.size(); ++number) {
    const ShadowTable& table = tables_[number];
    for (const auto& [id, kept] : table.rows) {
      if (!parent_of(table, kept.row.cells())) found.emplace_back(kept.touched, Name{number, id});
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
  const std::set<std::string> ids = ids_of(tables_[number], keys);
  if (dropped_) {
    throw std::logic_error{
        "rows are deleted after others were compared: verify a sample that memory holds as a "
        "whole (--sample)"};
  }
  for (const std::string& id : ids) {
    const ShadowTable& of = tables_[number];
    const auto found = of.rows.find(id);
    if (found == of.rows.end()) continue;  // It went with what it belonged to.
    detach({number, id}, parent_of(of, found->second.row.cells()));
    ++roots_;
    erase({number, id});
  }
  return ids.size();
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
    if (found == table.rows.end()) continue;
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
