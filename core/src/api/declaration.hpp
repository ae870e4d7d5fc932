#pragma once

#include <cstddef>

#include "hangar/table.hpp"

// What a column of some type can be, for declarations and for the calls of a session.
namespace hangar {

inline bool holds_json(ColumnType type) noexcept {
  return type == ColumnType::json || type == ColumnType::json_text;
}

/// Whether numbers can be added to the column.
inline bool can_count(const Table& table, std::size_t column) {
  const ColumnType type = table.columns[column].type;
  return (type == ColumnType::int4 || type == ColumnType::int8) && !table.in_primary_key(column);
}

}  // namespace hangar
