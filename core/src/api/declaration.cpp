#include <fmt/format.h>

#include <algorithm>

#include "hangar/error.hpp"
#include "hangar/table.hpp"

// What a service declares of its tables.
namespace hangar {
namespace {

bool is_key_type(ColumnType type) {
  switch (type) {
    case ColumnType::uuid:
    case ColumnType::text:
    case ColumnType::int4:
    case ColumnType::timestamp:
    case ColumnType::boolean:
    case ColumnType::int8:
    case ColumnType::bytes:
      return true;
    case ColumnType::interval:
    case ColumnType::json:
    case ColumnType::enumeration:
    case ColumnType::float8:
    case ColumnType::json_text:
      break;
  }
  return false;
}

}  // namespace

void check_declaration(const Table& table) {
  constexpr std::size_t widest = 63;  // An update may have one bit of a bigint for each column.
  const auto refuse = [&](const std::string& fault) {
    throw ConfigError{fmt::format("table {}: {}", table.name, fault)};
  };
  const std::size_t width = table.columns.size();
  if (width == 0 || width > widest) {
    refuse(fmt::format("it declares {} columns, and a table has 1 to {}", width, widest));
  }
  if (table.primary_key.empty()) refuse("it declares no primary key");
  for (auto part = table.primary_key.begin(); part != table.primary_key.end(); ++part) {
    if (*part >= width)
      refuse(fmt::format("its primary key has the column {} of {}", *part, width));
    const Column& column = table.columns[*part];
    if (std::find(table.primary_key.begin(), part, *part) != part) {
      refuse(fmt::format("its primary key has the column {} twice", column.name));
    }
    if (column.nullable) {
      refuse(fmt::format("column {} is in the primary key, and nullable", column.name));
    }
    if (!is_key_type(column.type)) {
      refuse(fmt::format("column {} is in the primary key, which its type cannot be", column.name));
    }
  }
  for (const Index& index : table.indexes) {
    for (const Index::Part& part : index.parts) {
      if (part.column >= width) {
        refuse(fmt::format("index {} has the column {} of {}", index.name, part.column, width));
      }
    }
    if (index.parts.empty()) refuse(fmt::format("index {} has no column", index.name));
    const ColumnType first = table.columns[index.parts.front().column].type;
    if (index.gin &&
        (index.unique || index.trigram || index.parts.size() != 1 || first != ColumnType::json)) {
      refuse(fmt::format("index {}: a gin index is over one column of type json", index.name));
    }
  }
}

std::optional<std::string> undeclared_reference(const Table& table, std::string_view column,
                                                std::string_view target,
                                                std::span<const Table* const> tables) {
  const auto is = [&](const ForeignKey& key) {
    return table.columns[key.column].name == column && key.table == target;
  };
  if (std::ranges::find(tables, target, &Table::name) == tables.end()) return std::nullopt;
  if (std::ranges::any_of(table.foreign_keys, is)) return std::nullopt;
  std::string fault = fmt::format(
      "it has a foreign key to {}, whose rows are written after those of {}", target, table.name);
  if (!table.made_since.empty()) {
    fault += fmt::format(
        "; {} and newer have none: upgrade to it, then run `prefect server "
        "database upgrade -y`",
        table.made_since);
  }
  return fault;
}

}  // namespace hangar
