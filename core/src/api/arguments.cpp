#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "api/declaration.hpp"
#include "hangar/keys.hpp"

// What the calls of a session are given.
namespace hangar {
namespace {

[[noreturn]] void refuse(const Table& table, std::string_view fault) {
  throw std::logic_error{fmt::format("table {}: {}", table.name, fault)};
}

bool has_kind(const Table& table, std::size_t column, const Cell& cell) {
  return cell.kind() == kind_of(table.columns[column].type);
}

bool is_unique_key(const Table& table, std::span<const std::size_t> columns) {
  if (std::ranges::equal(columns, table.primary_key)) return true;
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.unique && std::ranges::equal(columns, index.parts, {}, {}, &Index::Part::column);
  });
}

}  // namespace

void check_columns(const Table& table, std::span<const std::size_t> columns) {
  for (const std::size_t column : columns) {
    if (column >= table.columns.size()) {
      refuse(table, fmt::format("it has no column {}", column));
    }
  }
}

void check_keys(const Table& table, std::span<const Keys> keys) {
  for (const Keys& key : keys) {
    check_columns(table, key.columns);
    if (!is_unique_key(table, key.columns)) {
      std::string names;
      for (const std::size_t column : key.columns) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", table.columns[column].name);
      }
      refuse(table, fmt::format("({}) is neither its primary key nor a unique one, whose columns "
                                "are given in their order",
                                names));
    }
    const std::size_t width = key.columns.size();
    if (key.values.size() % width != 0) {
      refuse(table, fmt::format("{} values for keys of {} columns", key.values.size(), width));
    }
    for (std::size_t i = 0; i < key.values.size(); ++i) {
      const std::size_t column = key.columns[i % width];
      if (key.values[i].is_null() || has_kind(table, column, key.values[i])) continue;
      refuse(table, fmt::format("a key has a value of another type than its column {}",
                                table.columns[column].name));
    }
  }
}

std::vector<std::size_t> order_of(const Table& table, const Range& range) {
  const std::size_t width = table.columns.size();
  if (range.column >= width) refuse(table, "a range by a column that it does not have");
  const ColumnType type = table.columns[range.column].type;
  if (holds_json(type) || type == ColumnType::enumeration) {
    refuse(table, "a range by a column that has no order");
  }
  for (const auto& end : {range.from, range.before}) {
    if (end && !has_kind(table, range.column, *end)) {
      refuse(table, "a range between values that are not of its column's type");
    }
  }
  for (const Range::OneOf& part : range.one_of) {
    if (part.column >= width) refuse(table, "a range of a column that it does not have");
    if (holds_json(table.columns[part.column].type)) {
      refuse(table, "a range of a column that is compared with nothing");
    }
    for (const Cell& value : part.values) {
      if (value.is_null() || has_kind(table, part.column, value)) continue;
      refuse(table, fmt::format("a range of values of another type than their column {}",
                                table.columns[part.column].name));
    }
  }
  std::vector<std::size_t> order{range.column};
  for (const std::size_t part : table.primary_key) {
    if (part != range.column) order.push_back(part);
  }
  if (range.after.empty()) return order;
  for (const std::size_t column : order) {
    if (range.after.size() != width || !has_kind(table, column, range.after[column])) {
      refuse(table, "a range after a row without what tells its place");
    }
  }
  return order;
}

void check_sums(const Rows& rows, std::span<const std::size_t> columns) {
  const Table& table = rows.table();
  if (columns.empty()) refuse(table, "there is no column to add to");
  check_columns(table, columns);
  for (const std::size_t column : columns) {
    const std::string_view name = table.columns[column].name;
    if (!can_count(table, column)) {
      refuse(table, fmt::format("column {} cannot be added to", name));
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!has_kind(table, column, rows[row][column])) {
        refuse(table, fmt::format("column {}: no number to add", name));
      }
    }
  }
}

}  // namespace hangar
