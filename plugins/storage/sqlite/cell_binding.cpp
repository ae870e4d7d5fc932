#include "cell_binding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hangar::sqlite {
namespace {

[[noreturn]] void refuse_cell(const char* reason, const Table& table, std::size_t column,
                              std::string_view fault) {
  throw DataError{reason, fmt::format("SQLite: table {}, column {}: {}", table.name,
                                      table.columns[column].name, fault)};
}

void bind_string(Statement& statement, int parameter, const Table& table, std::size_t column,
                 std::string_view text) {
  const ColumnType type = table.columns[column].type;
  if (type == ColumnType::enumeration && std::ranges::count(table.enumeration_values, text) == 0) {
    refuse_cell("invalid_text", table, column, "the word is not one of the enumeration");
  }
  const bool is_json = type == ColumnType::json || type == ColumnType::json_text;
  if (is_json && loses_number_form(text)) {
    statement.bind_blob(parameter, text);
  } else {
    statement.bind_text(parameter, text);
  }
}

void bind_time(Statement& statement, int parameter, const Table& table, std::size_t column,
               std::optional<std::string_view> text) {
  if (!text)
    refuse_cell("out_of_range", table, column, "the time lies outside of the years 1 to 9999");
  statement.bind_text(parameter, *text);
}

// SQLite stores it as NULL.
void bind_number(Statement& statement, int parameter, const Table& table, std::size_t column,
                 double value) {
  if (std::isnan(value)) refuse_cell("out_of_range", table, column, "the number is none (NaN)");
  statement.bind_double(parameter, value);
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
  if (cell.absent() || cell.is_null()) return statement.bind_null(parameter);
  if (cell.kind() != kind_of(table.columns[column].type)) {
    throw std::logic_error{fmt::format("SQLite: table {}, column {}: a value of another type",
                                       table.name, table.columns[column].name)};
  }
  switch (cell.kind()) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      break;
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
    case Cell::Kind::boolean:
      return statement.bind_int(parameter, cell.boolean() ? 1 : 0);
    case Cell::Kind::int8:
      return statement.bind_int(parameter, cell.int8());
    case Cell::Kind::float8:
      return bind_number(statement, parameter, table, column, cell.float8());
    case Cell::Kind::bytes:
      return statement.bind_blob(parameter, cell.viewed());
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
    case ColumnType::boolean:
      return statement.integer(result) != 0;
    case ColumnType::int8:
      return statement.integer(result);
    case ColumnType::float8:
      return statement.number(result);
    case ColumnType::bytes:
      return rows.keep(Cell{std::as_bytes(std::span{statement.blob(result)})});
    case ColumnType::text:
    case ColumnType::json:
    case ColumnType::json_text:
    case ColumnType::enumeration:
      break;
  }
  return rows.keep(statement.text(result));
}

}  // namespace hangar::sqlite
