#include "verify/comparison.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "hangar/error.hpp"
#include "verify/agreement.hpp"
#include "verify/key_text.hpp"

namespace hangar {
namespace {

constexpr std::size_t most_listed = 1'000;

bool newer(const Cell& one, const Cell& other) {
  return one.kind() == other.kind() && compare(one, other) > 0;
}

/// The columns of each unique key, the primary one first.
std::vector<std::vector<std::size_t>> unique_keys(const Table& table) {
  std::vector<std::vector<std::size_t>> keys{table.primary_key};
  for (const Index& index : table.indexes) {
    if (!index.unique) continue;
    auto& columns = keys.emplace_back();
    for (const Index::Part& part : index.parts) columns.push_back(part.column);
  }
  return keys;
}

std::vector<std::size_t> every_column(const Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return columns;
}

std::string shown_key(const Table& table, std::span<const Cell> cells) {
  std::string text;
  for (const std::size_t column : table.primary_key) {
    text += (text.empty() ? "" : ", ") + shown(cells[column]);
  }
  return text;
}

std::string key_columns(const Table& table) {
  std::string text;
  for (const std::size_t column : table.primary_key) {
    text.append(text.empty() ? "" : ", ").append(table.columns[column].name);
  }
  return text;
}

bool has_owner(const Table& table, std::span<const Cell> cells) {
  return std::ranges::any_of(table.owners, [&](const ForeignKey& owner) {
    return !cells[owner.column].absent() && !cells[owner.column].is_null();
  });
}

/// Where each stored row is found, by the text of each of its unique keys.
using Places = std::vector<std::unordered_map<std::string, std::size_t>>;

Places places(const Rows& stored, const std::vector<std::vector<std::size_t>>& keys) {
  Places found(keys.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    for (std::size_t key = 0; key < keys.size(); ++key) {
      if (auto text = key_text(stored[i], keys[key])) found[key].emplace(*std::move(text), i);
    }
  }
  return found;
}

}  // namespace

void Comparison::compare(const ShadowTables& tables, std::span<const ShadowTables::Name> roots) {
  Outcome before = outcome_;
  std::vector<Item> items;
  for (const auto& name : roots) {
    items.push_back({name, shown_key(tables.table(name.first), tables.at(name).row.cells())});
  }
  try {
    while (!items.empty()) {
      std::map<std::size_t, std::vector<Item>> by_table;
      for (const Item& item : items) by_table[item.name.first].push_back(item);
      items.clear();
      for (const auto& [table, of_table] : by_table) {
        compare_level(tables, table, of_table, items);
      }
    }
  } catch (...) {
    outcome_ = std::move(before);
    throw;
  }
}

void Comparison::compare_level(const ShadowTables& tables, std::size_t number,
                               std::span<const Item> items, std::vector<Item>& parts) {
  const Table& table = tables.table(number);
  const auto uniques = unique_keys(table);
  std::vector<Keys> keys;
  for (const auto& columns : uniques) {
    Keys& set = keys.emplace_back(Keys{.columns = columns, .values = {}});
    for (const Item& item : items) {
      const auto cells = tables.at(item.name).row.cells();
      if (!key_text(cells, columns)) continue;
      for (const std::size_t column : columns) set.values.push_back(cells[column]);
    }
  }
  std::erase_if(keys, [](const Keys& set) { return set.values.empty(); });
  const Rows stored = look_up(table, keys, every_column(table));
  const Places where = places(stored, uniques);

  std::vector<Item> missing;
  for (const Item& item : items) {
    ++outcome_.rows;
    const ShadowTables::Kept& kept = tables.at(item.name);
    if (has_owner(table, kept.row.cells())) ++outcome_.owned;
    std::optional<std::size_t> found;
    std::size_t key = 0;
    for (; key < uniques.size() && !found; ++key) {
      const auto text = key_text(kept.row.cells(), uniques[key]);
      const auto place = text ? where[key].find(*text) : where[key].end();
      if (place != where[key].end()) found = place->second;
    }
    if (!found) {
      missing.push_back(item);
    } else if (key == 1) {
      compare_row(table, kept, item.root, stored[*found]);
      for (const auto& part : kept.parts) parts.push_back({part, item.root});
    } else if (!kept.whole) {
      ++outcome_.unclear;
    } else {
      const std::string row = shown_key(table, kept.row.cells());
      add({item.root, std::string{table.name}, row, key_columns(table), row,
           shown_key(table, stored[*found])});
    }
  }
  judge_missing(tables, number, missing);
}

void Comparison::compare_row(const Table& table, const ShadowTables::Kept& kept,
                             const std::string& root, std::span<const Cell> stored) {
  const auto derived = kept.row.cells();
  if (table.versioned_by && newer(stored[*table.versioned_by], derived[*table.versioned_by])) {
    ++outcome_.newer;
    return;
  }
  for (std::size_t column = 0; column < derived.size(); ++column) {
    const Cell& cell = derived[column];
    const bool known = cell.basis() == Cell::Basis::stated ||
                       (cell.basis() == Cell::Basis::inferred && kept.whole);
    if (cell.absent() || !known) continue;
    const auto found = disagreement(table.columns[column], cell, stored[column]);
    if (!found) continue;
    add({root, std::string{table.name}, shown_key(table, derived),
         std::string{table.columns[column].name} + found->pointer, found->derived, found->stored});
  }
}

// What belonged to it is not asked for.
void Comparison::judge_missing(const ShadowTables& tables, std::size_t number,
                               std::span<const Item> missing) {
  const Table& table = tables.table(number);
  for (const Item& item : missing) {
    const auto cells = tables.at(item.name).row.cells();
    if (is_expired(table, cells)) {
      ++outcome_.expired;
      continue;
    }
    if (owner_is_gone(table, cells)) {
      ++outcome_.gone;
      continue;
    }
    const std::string row = shown_key(table, cells);
    add({item.root, std::string{table.name}, row, key_columns(table), row, std::nullopt});
  }
}

bool Comparison::is_expired(const Table& table, std::span<const Cell> cells) const {
  // In the unit of `after`, which may be more than finer ones can hold.
  const auto now = std::chrono::floor<Interval>(std::chrono::system_clock::now());
  return std::ranges::any_of(expires_, [&](const Expires& rows) {
    const Cell& time = cells[rows.table == &table ? rows.column : 0];
    return rows.table == &table && time.kind() == Cell::Kind::timestamp &&
           now - time.timestamp() > rows.after &&
           (!rows.where || cells[*rows.where] == Cell{std::string_view{rows.is}});
  });
}

bool Comparison::owner_is_gone(const Table& table, std::span<const Cell> cells) {
  return std::ranges::any_of(table.owners, [&](const ForeignKey& owner) {
    if (cells[owner.column].absent() || cells[owner.column].is_null()) return false;
    Table& others = owners_[std::string{owner.table}];
    if (others.columns.empty()) {
      others.name = owner.table;
      others.columns = {{.name = "id", .type = ColumnType::uuid, .nullable = false}};
    }
    constexpr std::array<std::size_t, 1> id{0};
    const std::array keys{Keys{.columns = {0}, .values = {cells[owner.column]}}};
    try {
      return look_up(others, keys, id).empty();
    } catch (const TransientError& error) {
      constexpr std::string_view insufficient_privilege = "42501";
      if (error.retry() != TransientError::Retry::when_answerable ||
          error.sqlstate() == insufficient_privilege) {
        throw;
      }
      return false;  // There is no such table: nobody owns these rows.
    }
  });
}

Rows Comparison::look_up(const Table& table, std::span<const Keys> keys,
                         std::span<const std::size_t> columns) {
  const auto session = storage_.open_session();
  session->begin();
  try {
    Rows rows = session->find(table, keys, columns, Lock::none);
    session->rollback();
    return rows;
  } catch (...) {
    session->rollback();
    throw;
  }
}

void Comparison::add(Difference difference) {
  ++outcome_.different;
  if (outcome_.differences.size() < most_listed) {
    outcome_.differences.push_back(std::move(difference));
  }
}

}  // namespace hangar
