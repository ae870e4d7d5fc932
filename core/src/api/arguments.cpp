#include <fmt/format.h>

#include <stdexcept>

#include "hangar/table.hpp"

// What the calls of a session are given.
namespace hangar {

std::vector<std::size_t> order_of(const Table& table, const Range& range) {
  const std::size_t width = table.columns.size();
  const auto refuse = [&](std::string_view fault) {
    throw std::logic_error{fmt::format("table {}: a range {}", table.name, fault)};
  };
  const auto holds_json = [&](std::size_t column) {
    const ColumnType type = table.columns[column].type;
    return type == ColumnType::json || type == ColumnType::json_text;
  };
  if (range.column >= width) refuse("by a column that it does not have");
  if (holds_json(range.column) || table.columns[range.column].type == ColumnType::enumeration) {
    refuse("by a column that has no order");
  }
  for (const Range::OneOf& part : range.one_of) {
    if (part.column >= width) refuse("of a column that it does not have");
    if (holds_json(part.column)) refuse("of a column that is compared with nothing");
  }
  std::vector<std::size_t> order{range.column};
  for (const std::size_t part : table.primary_key) {
    if (part != range.column) order.push_back(part);
  }
  if (range.after.empty()) return order;
  for (const std::size_t column : order) {
    if (range.after.size() != width || range.after[column].absent() ||
        range.after[column].is_null()) {
      refuse("after a row without what tells its place");
    }
  }
  return order;
}

void check_sums(const Rows& rows, std::span<const std::size_t> columns) {
  const Table& table = rows.table();
  if (columns.empty()) {
    throw std::logic_error{fmt::format("table {}: there is no column to add to", table.name)};
  }
  for (const std::size_t column : columns) {
    const bool large =
        column < table.columns.size() && table.columns[column].type == ColumnType::int8;
    const bool small =
        column < table.columns.size() && table.columns[column].type == ColumnType::int4;
    if ((!large && !small) || table.in_primary_key(column)) {
      throw std::logic_error{
          fmt::format("table {}: column {} cannot be added to", table.name, column)};
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows[row][column].kind() != (large ? Cell::Kind::int8 : Cell::Kind::int4)) {
        throw std::logic_error{fmt::format("table {}, column {}: no number to add", table.name,
                                           table.columns[column].name)};
      }
    }
  }
}

}  // namespace hangar
