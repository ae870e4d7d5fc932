#include "hangar/try_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace hangar {
namespace {

using enum Check::Verdict;

Uuid random_uuid() {
  std::random_device random;
  Uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
  return id;
}

Timestamp now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Some value that the column may hold.
Cell some_value(const Table& table, const Column& column) {
  switch (column.type) {
    case ColumnType::uuid:
      return random_uuid();
    case ColumnType::text:
      return std::string_view{"hangar doctor"};
    case ColumnType::int4:
      return std::int32_t{0};
    case ColumnType::timestamp:
      return now();
    case ColumnType::interval:
      return Interval{0};
    case ColumnType::json:
    case ColumnType::json_text:
      return std::string_view{"{}"};
    case ColumnType::boolean:
      return false;
    case ColumnType::int8:
      return std::int64_t{0};
    case ColumnType::float8:
      return 0.0;
    case ColumnType::bytes:
      return std::span<const std::byte>{};
    case ColumnType::enumeration:
      break;
  }
  return table.enumeration_values.front();
}

/// A value that hardly any row has; `kept` holds what it views.
Cell key_value(const Table& table, const Column& column, Rows& kept) {
  std::random_device random;
  constexpr unsigned sign = 1U << 31U;
  const std::string text = fmt::format("hangar doctor {:08x}{:08x}", random(), random());
  switch (column.type) {
    case ColumnType::text:
      return kept.keep(text);
    case ColumnType::bytes:
      return kept.keep(Cell{std::as_bytes(std::span{text})});
    case ColumnType::int4:
      return static_cast<std::int32_t>(random() & ~sign);
    case ColumnType::int8:
      return std::int64_t{random() & ~sign} << 31U;
    default:
      return some_value(table, column);
  }
}

/// A row that says no more than it must, and what changes it.
class TrialRow {
 public:
  TrialRow(const Table& table, const std::map<std::string_view, Uuid>& stored)
      : insert_{table}, update_{table} {
    const std::span<Cell> cells = insert_.add();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const Column& column = table.columns[i];
      if (table.in_primary_key(i)) {
        cells[i] = key_value(table, column, insert_);
      } else if (!column.nullable && column.default_value.empty()) {
        cells[i] = some_value(table, column);
      }
    }
    for (const ForeignKey& key : table.foreign_keys) {
      if (const auto found = stored.find(key.table); found != stored.end()) {
        cells[key.column] = found->second;
      }
    }
    if (!table.versioned_by) return;
    const std::span<Cell> changed = update_.add();
    for (const std::size_t part : table.primary_key) changed[part] = cells[part];
    changed[*table.versioned_by] = some_value(table, table.columns[*table.versioned_by]);
  }

  /// Whether all of it went in. Throws what the session throws.
  [[nodiscard]] bool goes_in(Session& session) const {
    return session.insert_missing(insert_).front() && session.update(update_) == update_.size();
  }
  /// What other tables refer to, where it is a uuid.
  [[nodiscard]] const Cell& id() const noexcept {
    return insert_[0][insert_.table().primary_key.front()];
  }

 private:
  Rows insert_;
  Rows update_;
};

Check refused(const Table& table, Check::Verdict verdict, std::string_view why) {
  return {verdict, fmt::format("table {}", table.name),
          fmt::format("a row that was written to try it was refused, and rolled back: {}", why),
          verdict == warn ? "mend what it names, unless it is about that one row" : ""};
}

std::vector<Check> try_each(Session& session, std::span<const Table* const> tables) {
  std::map<std::string_view, Uuid> stored;
  for (const Table* table : tables) {
    const TrialRow row{*table, stored};
    try {
      if (!row.goes_in(session)) {
        return {refused(*table, warn, "the database drops it without an error, as a trigger can")};
      }
      if (row.id().kind() == Cell::Kind::uuid) stored.emplace(table->name, row.id().uuid());
    } catch (const DataError& error) {
      // Only what says nothing of the row surely meets every other one.
      return {refused(*table, error.reason() == "unknown" ? fail : warn, error.what())};
    } catch (const TransientError& error) {
      using Retry = TransientError::Retry;
      if (error.retry() == Retry::reconnect && error.sqlstate().empty()) throw;
      const bool lasts =
          error.retry() == Retry::when_answerable || error.retry() == Retry::reconnect;
      return {refused(*table, lasts ? fail : warn, error.what())};
    }
  }
  return {};
}

}  // namespace

std::vector<Check> try_rows(Session& session, std::span<const Table* const> tables) {
  try {
    session.begin();
    session.savepoint();
    std::vector<Check> checks = try_each(session, tables);
    session.rollback();
    return checks;
  } catch (...) {
    session.rollback();
    throw;
  }
}

}  // namespace hangar
