#include "api/declaration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <chrono>
#include <set>
#include <string>

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

bool is_json(std::string_view text) {
  boost::json::error_code failed;
  static_cast<void>(boost::json::parse({text.data(), text.size()}, failed));
  return !failed;
}

template <class Number>
std::optional<Cell> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Cell{value};
}

std::optional<Cell> declared_default(const Column& column, Timestamp now) {
  const std::string_view text = column.default_value;
  switch (column.type) {
    case ColumnType::timestamp:
      if (text == "now") return now;
      break;
    case ColumnType::int4:
      return number<std::int32_t>(text);
    case ColumnType::int8:
      return number<std::int64_t>(text);
    case ColumnType::float8:
      return number<double>(text);
    case ColumnType::boolean:
      if (text == "true" || text == "false") return text == "true";
      break;
    case ColumnType::interval:
      if (text == "0") return Interval{0};
      break;
    case ColumnType::text:
    case ColumnType::json:
    case ColumnType::json_text:
    case ColumnType::enumeration:
      return text;
    case ColumnType::uuid:
    case ColumnType::bytes:
      break;
  }
  return std::nullopt;
}

/// One declaration, beside those of the same service.
class Declaration {
 public:
  Declaration(const Table& table, std::span<const Table* const> tables)
      : table_{table}, tables_{tables} {}

  void check() const {
    check_columns();
    check_primary_key();
    check_enumeration();
    for (const Column& column : table_.columns) check_default(column);
    for (const Index& index : table_.indexes) check_index(index);
    for (const ForeignKey& key : table_.foreign_keys) check_reference(key);
    for (const ForeignKey& owner : table_.owners) {
      if (at(owner.column, "an owner").type != ColumnType::uuid) {
        refuse(fmt::format("column {} names an owner, and is no uuid", at(owner.column, "").name));
      }
    }
    for (const std::size_t counter : table_.counters) {
      const Column& column = at(counter, "a counter");
      if (!can_count(table_, counter)) {
        refuse(fmt::format("column {} cannot be added to", column.name));
      }
    }
    if (!table_.versioned_by) return;
    const Column& version = at(*table_.versioned_by, "the version");
    if (holds_json(version.type) || version.type == ColumnType::enumeration) {
      refuse(fmt::format("column {} cannot tell the newer of two versions", version.name));
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& fault) const {
    throw ConfigError{fmt::format("table {}: {}", table_.name, fault)};
  }

  const Column& at(std::size_t column, std::string_view what) const {
    const std::size_t width = table_.columns.size();
    if (column >= width) refuse(fmt::format("{} has the column {} of {}", what, column, width));
    return table_.columns[column];
  }

  void check_columns() const {
    constexpr std::size_t widest = 63;  // An update may have one bit of a bigint for each column.
    const std::size_t width = table_.columns.size();
    if (width == 0 || width > widest) {
      refuse(fmt::format("it declares {} columns, and a table has 1 to {}", width, widest));
    }
    std::set<std::string_view> names;
    for (const Column& column : table_.columns) {
      if (column.name.empty()) refuse("a column has no name");
      if (!names.insert(column.name).second) {
        refuse(fmt::format("it has the column {} twice", column.name));
      }
    }
    if (std::ranges::count(tables_, table_.name, &Table::name) > 1) refuse("it is declared twice");
  }

  void check_primary_key() const {
    if (table_.primary_key.empty()) refuse("it declares no primary key");
    for (auto part = table_.primary_key.begin(); part != table_.primary_key.end(); ++part) {
      const Column& column = at(*part, "its primary key");
      if (std::find(table_.primary_key.begin(), part, *part) != part) {
        refuse(fmt::format("its primary key has the column {} twice", column.name));
      }
      if (column.nullable) {
        refuse(fmt::format("column {} is in the primary key, and nullable", column.name));
      }
      if (!is_key_type(column.type)) {
        refuse(
            fmt::format("column {} is in the primary key, which its type cannot be", column.name));
      }
    }
  }

  void check_enumeration() const {
    if (std::ranges::find(table_.columns, ColumnType::enumeration, &Column::type) ==
        table_.columns.end()) {
      return;
    }
    const auto& words = table_.enumeration_values;
    const std::set<std::string_view> distinct{words.begin(), words.end()};
    if (table_.enumeration_name.empty() || words.empty()) {
      refuse("it has a column of an enumeration that has no name or no words");
    }
    if (distinct.size() != words.size() || distinct.contains("")) {
      refuse(fmt::format("a word of the enumeration {} is empty, or there twice",
                         table_.enumeration_name));
    }
    for (const Table* other : tables_) {
      if (other->enumeration_name == table_.enumeration_name &&
          other->enumeration_values != words) {
        refuse(fmt::format("table {} declares other words of the enumeration {}", other->name,
                           table_.enumeration_name));
      }
    }
  }

  void check_default(const Column& column) const {
    const std::string_view text = column.default_value;
    if (text.empty()) return;
    const bool is_word = std::ranges::count(table_.enumeration_values, text) > 0;
    if (!declared_default(column, {}) || (holds_json(column.type) && !is_json(text)) ||
        (column.type == ColumnType::enumeration && !is_word)) {
      refuse(fmt::format("column {}: its type has no default '{}'", column.name, text));
    }
  }

  void check_index(const Index& index) const {
    if (index.parts.empty()) refuse(fmt::format("index {} has no column", index.name));
    for (const Index::Part& part : index.parts) {
      const Column& column = at(part.column, fmt::format("index {}", index.name));
      if (holds_json(column.type) && !index.gin) {
        refuse(fmt::format("index {}: column {} has no order", index.name, column.name));
      }
    }
    const ColumnType first = table_.columns[index.parts.front().column].type;
    const bool is_alone = !index.unique && index.parts.size() == 1;
    if (index.gin && (index.trigram || !is_alone || first != ColumnType::json)) {
      refuse(fmt::format("index {}: a gin index is over one column of type json", index.name));
    }
    if (index.trigram && (!is_alone || first != ColumnType::text)) {
      refuse(fmt::format("index {}: a trigram index is over one column of type text", index.name));
    }
    if (index.unique && !index.storage.empty()) {
      refuse(fmt::format("index {} is unique: every storage must have it", index.name));
    }
  }

  void check_reference(const ForeignKey& key) const {
    const Column& column = at(key.column, "a foreign key");
    const auto target = std::ranges::find(tables_, key.table, &Table::name);
    if (target == tables_.end()) {
      refuse(fmt::format("column {} refers to {}, which is no table of this service", column.name,
                         key.table));
    }
    const Table& referred = **target;
    const auto id = std::ranges::find(referred.columns, "id", &Column::name);
    const auto place = static_cast<std::size_t>(id - referred.columns.begin());
    if (referred.primary_key != std::vector{place}) {
      refuse(fmt::format("column {} refers to {}, whose primary key is not its column id",
                         column.name, key.table));
    }
    if (id->type != column.type) {
      refuse(fmt::format("column {} is of another type than the id of {}, to which it refers",
                         column.name, key.table));
    }
  }

  const Table& table_;
  std::span<const Table* const> tables_;
};

}  // namespace

void check_declaration(const Table& table, std::span<const Table* const> tables) {
  Declaration{table, tables}.check();
}

Cell default_cell(const Column& column, Timestamp now) {
  if (column.default_value.empty()) return Cell::null();
  if (const auto cell = declared_default(column, now)) return *cell;
  throw ConfigError{
      fmt::format("column {}: its type has no default '{}'", column.name, column.default_value)};
}

std::vector<Cell> default_cells(const Table& table) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  std::vector<Cell> cells;
  for (const Column& column : table.columns) cells.push_back(default_cell(column, now));
  return cells;
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
