#include "hangar/try_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

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

/// A row that says no more than it must, and what the service does with such a one.
class TrialRow {
 public:
  TrialRow(const Table& table, const std::map<std::string_view, Cell>& stored)
      : insert_{table}, update_{table}, sums_{table} {
    const std::span<Cell> cells = insert_.add();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const Column& column = table.columns[i];
      const bool is_needed = !column.nullable && column.default_value.empty();
      if (table.in_primary_key(i) || (is_needed && table.in_unique_key(i))) {
        cells[i] = key_value(table, column, insert_);
      } else if (is_needed) {
        cells[i] = some_value(table, column);
      }
    }
    for (const ForeignKey& key : table.foreign_keys) {
      if (const auto found = stored.find(key.table); found != stored.end()) {
        cells[key.column] = insert_.keep(found->second);
      }
    }
    if (!table.counters.empty()) {
      const std::span<Cell> sums = sums_.add();
      std::ranges::copy(cells, sums.begin());
      for (const std::size_t counter : table.counters) {
        sums[counter] = some_value(table, table.columns[counter]);
      }
    }
    if (!table.versioned_by) return;
    const std::span<Cell> changed = update_.add();
    for (const std::size_t part : table.primary_key) changed[part] = cells[part];
    changed[*table.versioned_by] = some_value(table, table.columns[*table.versioned_by]);
  }

  /// Whether all of it went in, as far as no stored row is in its way. Throws what the session
  /// throws.
  [[nodiscard]] bool goes_in(Session& session) {
    is_in_ = session.insert_missing(insert_).front();
    if (!is_in_) return is_taken(session);
    const Table& table = insert_.table();
    return session.update(update_) == update_.size() &&
           (sums_.empty() || session.add(sums_, table.counters) == sums_.size());
  }
  /// Whether it is there: else another row holds one of its keys.
  [[nodiscard]] bool is_in() const noexcept { return is_in_; }
  void erase(Session& session) const {
    const Keys key = key_of(insert_.table().primary_key);
    session.erase(insert_.table(), {&key, 1});
  }
  /// What other tables refer to.
  [[nodiscard]] const Cell& id() const noexcept {
    return insert_[0][insert_.table().primary_key.front()];
  }
  [[nodiscard]] const Table& table() const noexcept { return insert_.table(); }

 private:
  [[nodiscard]] Keys key_of(std::vector<std::size_t> columns) const {
    Keys key{.columns = std::move(columns), .values = {}};
    for (const std::size_t column : key.columns) key.values.push_back(insert_[0][column]);
    return key;
  }
  /// Keys of few values, as a boolean, may all be stored.
  [[nodiscard]] bool is_taken(Session& session) const {
    const Table& table = insert_.table();
    std::vector<Keys> keys{key_of(table.primary_key)};
    for (const Index& index : table.indexes) {
      if (!index.unique) continue;
      std::vector<std::size_t> columns;
      for (const Index::Part& part : index.parts) columns.push_back(part.column);
      const Keys key = key_of(std::move(columns));
      if (std::ranges::none_of(key.values, &Cell::absent)) keys.push_back(key);
    }
    return !session.find(table, keys, table.primary_key, Lock::none).empty();
  }

  Rows insert_;
  Rows update_;
  Rows sums_;
  bool is_in_ = false;
};

/// Each behind those that it refers to.
std::vector<const Table*> in_order_of_reference(std::span<const Table* const> tables) {
  std::vector<const Table*> order;
  const auto waits = [&](const Table* table) {
    return std::ranges::any_of(table->foreign_keys, [&](const ForeignKey& key) {
      return key.table != table->name &&
             std::ranges::find(tables, key.table, &Table::name) != tables.end() &&
             std::ranges::find(order, key.table, &Table::name) == order.end();
    });
  };
  std::vector<const Table*> left{tables.begin(), tables.end()};
  std::erase_if(left, [](const Table* table) { return table->read_only; });
  while (!left.empty()) {
    auto next = std::ranges::find_if_not(left, waits);
    if (next == left.end()) next = left.begin();  // They refer to one another.
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

Check refused(const Table& table, Check::Verdict verdict, std::string_view why) {
  return {verdict, fmt::format("table {}", table.name),
          fmt::format("a row that was written to try it was refused, and rolled back: {}", why),
          verdict == warn ? "mend what it names, unless it is about that one row" : ""};
}

/// What is refused of a call with a row of the table, if anything.
template <class Call>
std::optional<Check> refusal(const Table& table, Call&& call) {
  try {
    if (call()) return std::nullopt;
    return refused(table, warn, "the database drops it without an error, as a trigger can");
  } catch (const DataError& error) {
    // Only what says nothing of the row surely meets every other one.
    return refused(table, error.reason() == "unknown" ? fail : warn, error.what());
  } catch (const TransientError& error) {
    using Retry = TransientError::Retry;
    if (error.retry() == Retry::reconnect && error.sqlstate().empty()) throw;
    const bool lasts = error.retry() == Retry::when_answerable || error.retry() == Retry::reconnect;
    return refused(table, lasts ? fail : warn, error.what());
  }
}

std::vector<Check> try_each(Session& session, std::span<const Table* const> tables) {
  std::map<std::string_view, Cell> stored;
  std::deque<TrialRow> rows;
  for (const Table* table : in_order_of_reference(tables)) {
    TrialRow& row = rows.emplace_back(*table, stored);
    if (auto found = refusal(*table, [&] { return row.goes_in(session); })) return {*found};
    if (row.is_in()) stored.emplace(table->name, row.id());
  }
  // A row takes along those that refer to it.
  for (; !rows.empty(); rows.pop_back()) {
    const TrialRow& row = rows.back();
    if (!row.table().erased || !row.is_in()) continue;
    const auto erase = [&] {
      row.erase(session);
      return true;
    };
    if (auto found = refusal(row.table(), erase)) return {*found};
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
