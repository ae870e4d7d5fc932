#include "cell_binding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace hangar::sqlite {
namespace {

[[noreturn]] void refuse(const char* reason, const Table& table, std::size_t column,
                         std::string_view fault) {
  throw DataError{reason, fmt::format("SQLite: table {}, column {}: {}", table.name,
                                      table.columns[column].name, fault)};
}

void bind_string(Statement& statement, int parameter, const Table& table, std::size_t column,
                 std::string_view text) {
  const ColumnType type = table.columns[column].type;
  if (type == ColumnType::enumeration && std::ranges::count(table.enumeration_values, text) == 0) {
    refuse("invalid_text", table, column, "the word is not one of the enumeration");
  }
  if (type == ColumnType::json && loses_number_form(text)) {
    statement.bind_blob(parameter, text);
  } else {
    statement.bind_text(parameter, text);
  }
}

void bind_time(Statement& statement, int parameter, const Table& table, std::size_t column,
               std::optional<std::string_view> text) {
  if (!text) refuse("out_of_range", table, column, "the time lies outside of the years 1 to 9999");
  statement.bind_text(parameter, *text);
}

template <class Value>
Cell or_unreadable(const std::optional<Value>& value, const Column& column) {
  if (value) return *value;
  throw DataError{"unknown",
                  fmt::format("SQLite: column {}: the stored value is in no form that Prefect "
                              "writes: correct it in the file",
                              column.name)};
}

}  // namespace

void bind_cell(Statement& statement, int parameter, const Table& table, std::size_t column,
               const Cell& cell, FormBuffer& buffer) {
  switch (cell.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return statement.bind_null(parameter);
    case Cell::Kind::uuid:
      return statement.bind_text(parameter, write_uuid(cell.uuid(), buffer));
    case Cell::Kind::int4:
      return statement.bind_int(parameter, cell.int4());
    case Cell::Kind::timestamp:
      return bind_time(statement, parameter, table, column, write_time(cell.timestamp(), buffer));
    case Cell::Kind::interval:
      return bind_time(statement, parameter, table, column,
                       write_interval(cell.interval(), buffer));
    case Cell::Kind::text:
      return bind_string(statement, parameter, table, column, cell.text());
  }
}

Cell read_cell(const Statement& statement, int result, const Column& column, Rows& rows) {
  if (statement.is_null(result)) return Cell::null();
  switch (column.type) {
    case ColumnType::uuid:
      return or_unreadable(read_uuid(statement.text(result)), column);
    case ColumnType::int4:
      return static_cast<std::int32_t>(statement.integer(result));
    case ColumnType::timestamp:
      return or_unreadable(read_time(statement.text(result)), column);
    case ColumnType::interval:
      return or_unreadable(read_interval(statement.text(result)), column);
    case ColumnType::text:
    case ColumnType::json:
    case ColumnType::enumeration:
      break;
  }
  return rows.keep(statement.text(result));
}

Cell default_cell(const Column& column, Timestamp now) {
  const std::string_view text = column.default_value;
  if (text.empty()) return Cell::null();
  if (column.type == ColumnType::timestamp && text == "now") return now;
  if (column.type == ColumnType::interval) return Interval{0};
  if (column.type == ColumnType::int4) {
    std::int32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  return text;
}

}  // namespace hangar::sqlite
