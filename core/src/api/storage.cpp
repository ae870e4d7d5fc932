#include "hangar/storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "hangar/file_storage.hpp"

namespace hangar {

using Clock = std::chrono::system_clock;

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

using Key = std::vector<Cell>;

/// The primary keys of the rows, in their order.
std::vector<Key> primary_keys(const Table& table, const Rows& rows) {
  std::vector<Key> keys(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::size_t column : table.primary_key) keys[row].push_back(rows[row][column]);
  }
  return keys;
}

bool is_less(const Key& left, const Key& right) {
  return std::ranges::lexicographical_compare(
      left, right, [](const Cell& one, const Cell& other) { return compare(one, other) < 0; });
}

Keys joined(const Table& table, const std::vector<Key>& keys) {
  Keys all{.columns = table.primary_key, .values = {}};
  for (const Key& key : keys) all.values.insert(all.values.end(), key.begin(), key.end());
  return all;
}

}  // namespace

Session::~Session() = default;
Storage::~Storage() = default;
FileStorage::~FileStorage() = default;

std::size_t Session::erase(const Table& table, const Range& range, std::size_t limit) {
  Rows rows = scan(table, range, table.primary_key, limit);
  while (!rows.empty()) {
    std::vector<Key> seen = primary_keys(table, rows);
    const Keys to_lock = joined(table, seen);
    // Somebody may have changed or deleted them meanwhile. When they are locked, nobody can, and
    // what is still in the range is seen by one more look.
    static_cast<void>(find(table, {&to_lock, 1}, table.primary_key, Lock::rows));
    Rows again = scan(table, range, table.primary_key, limit);
    std::ranges::sort(seen, is_less);
    std::vector<Key> both = primary_keys(table, again);
    std::erase_if(both,
                  [&](const Key& key) { return !std::ranges::binary_search(seen, key, is_less); });
    const Keys keys = joined(table, both);
    if (!both.empty()) return erase(table, {&keys, 1});
    rows = std::move(again);
  }
  return 0;
}

StorageLimits Storage::limits() const noexcept { return {}; }

std::size_t Storage::concurrent_sessions() const noexcept {
  return std::numeric_limits<std::size_t>::max();
}

bool operator==(const Cell& left, const Cell& right) noexcept {
  if (left.kind_ != right.kind_) return false;
  switch (left.kind_) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      return true;
    case Cell::Kind::uuid:
      return left.uuid_ == right.uuid_;
    case Cell::Kind::int4:
      return left.int4_ == right.int4_;
    case Cell::Kind::timestamp:
    case Cell::Kind::interval:
      return left.micros_ == right.micros_;
    case Cell::Kind::boolean:
    case Cell::Kind::int8:
      return left.int8_ == right.int8_;
    case Cell::Kind::float8:
      return left.float8_ == right.float8_;
    case Cell::Kind::text:
    case Cell::Kind::bytes:
      return left.text_ == right.text_;
  }
  return false;
}

std::weak_ordering compare(const Cell& left, const Cell& right) noexcept {
  if (left.kind_ != right.kind_) return left.kind_ <=> right.kind_;
  switch (left.kind_) {
    case Cell::Kind::absent:
    case Cell::Kind::null:
      break;
    case Cell::Kind::uuid:
      return left.uuid_ <=> right.uuid_;
    case Cell::Kind::int4:
      return left.int4_ <=> right.int4_;
    case Cell::Kind::timestamp:
    case Cell::Kind::interval:
      return left.micros_ <=> right.micros_;
    case Cell::Kind::boolean:
    case Cell::Kind::int8:
      return left.int8_ <=> right.int8_;
    case Cell::Kind::float8:
      return std::weak_order(left.float8_, right.float8_);
    case Cell::Kind::text:
    case Cell::Kind::bytes:
      return left.text_ <=> right.text_;
  }
  return std::weak_ordering::equivalent;
}

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

Rows::Rows(const Table& table)
    : table_{&table},
      width_{table.columns.size()},
      texts_{std::make_unique<std::pmr::monotonic_buffer_resource>()} {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

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

std::span<Cell> Rows::add() {
  cells_.resize(cells_.size() + width_);
  return std::span{cells_}.last(width_);
}

std::string_view Rows::keep(std::string_view text) {
  auto* copy = static_cast<char*>(texts_->allocate(text.size() + 1, 1));
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

Check check_clock(const std::string& whose, Clock::time_point before, Clock::time_point shown,
                  Clock::time_point after) {
  using namespace std::chrono_literals;
  constexpr auto exact = 100ms;
  constexpr auto bearable = 2s;
  Clock::duration off{};
  if (shown < before) off = before - shown;
  if (shown > after) off = shown - after;
  Check check{Check::Verdict::ok, whose + " clock", "as this host's"};
  if (off > exact) {
    check.found = fmt::format("{:.1f} s {} this host's", std::chrono::duration<double>(off).count(),
                              shown < before ? "behind" : "ahead of");
  }
  if (off > bearable) {
    check.verdict = Check::Verdict::warn;
    check.hint = "let both keep time by NTP: retention and lag are told by their clocks";
  }
  return check;
}

}  // namespace hangar
