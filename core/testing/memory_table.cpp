#include "memory_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hangar::testing {
namespace {

std::vector<std::size_t> columns_of(const Index& index) {
  std::vector<std::size_t> columns;
  for (const Index::Part& part : index.parts) columns.push_back(part.column);
  return columns;
}

std::string names_of(const Table& table, std::span<const std::size_t> columns) {
  std::string names;
  for (const std::size_t column : columns) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", table.columns[column].name);
  }
  return names;
}

std::string column_difference(const MemoryTable& stored, const Column& declared) {
  const auto place = stored.column(declared.name);
  if (!place) return fmt::format("column {} is absent", declared.name);
  const Column& its = stored.table().columns[*place];
  if (its.type != declared.type) return fmt::format("column {} has another type", declared.name);
  if (declared.nullable && !its.nullable) {
    return fmt::format("column {} must be able to hold null", declared.name);
  }
  return {};
}

}  // namespace

bool ValuesLess::operator()(const Values& left, const Values& right) const noexcept {
  return std::ranges::lexicographical_compare(
      left, right,
      [](const Value& one, const Value& other) { return compare(one.cell(), other.cell()) < 0; });
}

Values values_of(const Values& row, std::span<const std::size_t> columns) {
  Values values;
  values.reserve(columns.size());
  for (const std::size_t column : columns) values.push_back(row[column]);
  return values;
}

bool has_null(const Values& values) noexcept {
  return std::ranges::any_of(values, [](const Value& value) { return value.cell().is_null(); });
}

MemoryTable::MemoryTable(const Table& declared) {
  auto own = std::make_shared<Declared>();
  own->table = declared;
  const auto keep = [&](std::string_view& text) { text = own->words.emplace_back(text); };
  Table& table = own->table;
  keep(table.name);
  keep(table.enumeration_name);
  for (Column& column : table.columns) {
    keep(column.name);
    keep(column.default_value);
  }
  for (Index& index : table.indexes) {
    keep(index.name);
    index.storage = index.since = {};
  }
  for (ForeignKey& key : table.foreign_keys) keep(key.table);
  for (std::string_view& word : table.enumeration_values) keep(word);
  table.owners.clear();
  table.made_since = {};
  for (const Index& index : table.indexes) {
    if (index.unique) uniques_.push_back({columns_of(index)});
  }
  declared_ = std::move(own);
}

std::optional<std::size_t> MemoryTable::column(std::string_view name) const noexcept {
  const auto& columns = table().columns;
  const auto found = std::ranges::find(columns, name, &Column::name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

Values MemoryTable::primary_key(const Values& row) const {
  return values_of(row, table().primary_key);
}

std::optional<Values> MemoryTable::holder(std::span<const std::size_t> columns,
                                          const Values& values) const {
  if (has_null(values)) return std::nullopt;
  if (std::ranges::equal(columns, table().primary_key)) {
    return rows_.contains(values) ? std::optional{values} : std::nullopt;
  }
  for (const Unique& unique : uniques_) {
    if (!std::ranges::equal(columns, unique.columns)) continue;
    const auto found = unique.holders.find(values);
    return found == unique.holders.end() ? std::nullopt : std::optional{found->second};
  }
  return std::nullopt;
}

bool MemoryTable::conflicts(const Values& row) const {
  const Values primary = primary_key(row);
  const ValuesLess less;
  return std::ranges::any_of(uniques_, [&](const Unique& unique) {
    const auto other = holder(unique.columns, values_of(row, unique.columns));
    return other && (less(*other, primary) || less(primary, *other));
  });
}

void MemoryTable::put(Values row) {
  Values primary = primary_key(row);
  erase(primary);
  for (Unique& unique : uniques_) {
    Values values = values_of(row, unique.columns);
    if (!has_null(values)) unique.holders.emplace(std::move(values), primary);
  }
  rows_.emplace(std::move(primary), std::move(row));
}

void MemoryTable::erase(const Values& primary) {
  const auto found = rows_.find(primary);
  if (found == rows_.end()) return;
  for (Unique& unique : uniques_) {
    const Values values = values_of(found->second, unique.columns);
    if (!has_null(values)) unique.holders.erase(values);
  }
  rows_.erase(found);
}

std::string difference(const MemoryTable& stored, const Table& declared) {
  const Table& its = stored.table();
  for (const Column& column : declared.columns) {
    if (auto fault = column_difference(stored, column); !fault.empty()) return fault;
  }
  for (const Column& column : its.columns) {
    const bool needed = !column.nullable && column.default_value.empty();
    if (needed && std::ranges::count(declared.columns, column.name, &Column::name) == 0) {
      return fmt::format("column {} needs a value, and nobody knows it", column.name);
    }
  }
  const std::string primary = names_of(declared, declared.primary_key);
  if (primary != names_of(its, its.primary_key)) {
    return fmt::format("its primary key is ({}), not ({})", names_of(its, its.primary_key),
                       primary);
  }
  for (const Index& index : declared.indexes) {
    const std::string names = names_of(declared, columns_of(index));
    const bool held = std::ranges::any_of(its.indexes, [&](const Index& one) {
      return one.unique && names_of(its, columns_of(one)) == names;
    });
    if (index.unique && !held) return fmt::format("({}) is not unique", names);
  }
  for (const std::string_view word : declared.enumeration_values) {
    if (std::ranges::count(its.enumeration_values, word) == 0) {
      return fmt::format("its enumeration has no {}", word);
    }
  }
  return {};
}

}  // namespace hangar::testing
