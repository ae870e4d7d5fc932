#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::testing {

/// A cell that owns its text, with a total order.
struct OwnedCell {
  explicit OwnedCell(const Cell& cell) : kind{cell.kind()} {
    switch (kind) {
      case Cell::Kind::uuid:
        text.assign(reinterpret_cast<const char*>(cell.uuid().bytes.data()), 16);
        break;
      case Cell::Kind::int4:
        number = cell.int4();
        break;
      case Cell::Kind::timestamp:
        number = cell.timestamp().time_since_epoch().count();
        break;
      case Cell::Kind::interval:
        number = cell.interval().count();
        break;
      case Cell::Kind::text:
        text = cell.text();
        break;
      default:
        break;
    }
  }
  auto operator<=>(const OwnedCell&) const = default;

  [[nodiscard]] Cell view() const {
    switch (kind) {
      case Cell::Kind::uuid: {
        Uuid id;
        std::ranges::copy(text, id.bytes.begin());
        return id;
      }
      case Cell::Kind::int4:
        return static_cast<std::int32_t>(number);
      case Cell::Kind::timestamp:
        return Timestamp{Interval{number}};
      case Cell::Kind::interval:
        return Interval{number};
      case Cell::Kind::text:
        return std::string_view{text};
      case Cell::Kind::null:
        return Cell::null();
      default:
        return {};
    }
  }

  /// How GoogleTest shows it.
  friend void PrintTo(const OwnedCell& cell, std::ostream* out) {
    if (cell.kind == Cell::Kind::uuid) {
      for (const char byte : cell.text)
        *out << static_cast<int>(static_cast<unsigned char>(byte)) << '.';
    } else if (cell.kind == Cell::Kind::text) {
      *out << '"' << cell.text << '"';
    } else {
      *out << (cell.kind <= Cell::Kind::null ? "null" : std::to_string(cell.number));
    }
  }

  Cell::Kind kind;
  std::int64_t number = 0;
  std::string text;
};

/// The contract of `Session` over maps in memory, for the laws of pure logic; what a database does
/// is shown by tests/conformance.
class MemorySession : public Session {
 public:
  using Row = std::vector<OwnedCell>;
  using Content = std::map<std::string, std::map<OwnedCell, Row>, std::less<>>;

  Content content;

  void begin() override {}
  void commit() override {}
  void rollback() noexcept override {}
  void savepoint() override { saved_ = content; }
  void rollback_to_savepoint() override { content = saved_; }

  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock) override {
    check_keys(table, keys);
    check_columns(table, columns);
    Rows found{table};
    for (const auto& entry : content[std::string{table.name}]) {
      const Row& row = entry.second;
      if (!std::ranges::any_of(keys, [&](const Keys& set) { return matches(row, set); })) continue;
      const auto cells = found.add();
      for (const auto column : columns) {
        cells[column] = row[column].view();
        if (cells[column].kind() == Cell::Kind::text) {
          cells[column] = found.keep(cells[column].text());
        }
      }
    }
    return found;
  }

  std::vector<bool> insert_missing(const Rows& rows) override {
    std::vector<bool> inserted;
    auto& stored = content[std::string{rows.table().name}];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row row;
      for (const Cell& cell : rows[i]) row.emplace_back(cell);
      const bool free = !stored.contains(row.front()) && !conflicts(rows.table(), stored, row);
      if (free) stored.emplace(row.front(), row);
      inserted.push_back(free);
    }
    return inserted;
  }

  std::size_t update(const Rows& rows) override {
    std::size_t written = 0;
    auto& stored = content[std::string{rows.table().name}];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = stored.find(OwnedCell{rows[i].front()});
      if (found == stored.end()) continue;
      Row row = found->second;
      for (std::size_t column = 1; column < row.size(); ++column) {
        if (!rows[i][column].absent()) row[column] = OwnedCell{rows[i][column]};
      }
      stored.erase(found);
      if (conflicts(rows.table(), stored, row)) {
        TransientError error{"unique violation", TransientError::Retry::conflict};
        error.at_row(i);
        throw error;
      }
      stored.emplace(row.front(), row);
      ++written;
    }
    return written;
  }

  // A recorder does none of these.
  Rows scan(const Table&, const Range&, std::span<const std::size_t>, std::size_t) override {
    throw std::logic_error{"a scan"};
  }
  std::size_t add(const Rows&, std::span<const std::size_t>) override {
    throw std::logic_error{"an addition"};
  }
  std::size_t erase(const Table&, std::span<const Keys>) override {
    throw std::logic_error{"a deletion"};
  }
  using Session::erase;

 private:
  Content saved_;

  static bool matches(const Row& row, const Keys& keys) {
    const std::size_t width = keys.columns.size();
    for (std::size_t i = 0; i < keys.values.size(); i += width) {
      bool same = true;
      for (std::size_t part = 0; part < width; ++part) {
        same = same && row[keys.columns[part]] == OwnedCell{keys.values[i + part]};
      }
      if (same) return true;
    }
    return false;
  }

  static bool conflicts(const Table& table, const std::map<OwnedCell, Row>& stored,
                        const Row& row) {
    for (const Index& index : table.indexes) {
      if (!index.unique) continue;
      for (const auto& entry : stored) {
        const Row& other = entry.second;
        const bool same = std::ranges::all_of(index.parts, [&](const Index::Part& part) {
          return row[part.column].kind != Cell::Kind::null &&
                 row[part.column] == other[part.column];
        });
        if (same) return true;
      }
    }
    return false;
  }
};

}  // namespace hangar::testing
