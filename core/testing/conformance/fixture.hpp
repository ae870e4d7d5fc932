#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "storage_under_test.hpp"

namespace hangar {

/// So that GoogleTest shows cells.
void PrintTo(const Cell& cell, std::ostream* out);

namespace conformance {

namespace item {
enum Column : std::size_t {
  id,
  name,
  note,
  count,
  at,
  made,
  spent,
  body,
  tags,
  kind,
  owner,
  part,
  yes,
  large,
  weight,
  blob,
  raw,
  code,
};
}  // namespace item

namespace remark {
enum Column : std::size_t { id, item_id, at, text };
}  // namespace remark

namespace tally {
enum Column : std::size_t { note, name, total, owner, code };
}  // namespace tally

/// Every type of column; unique keys (owner, part) and (code).
const Table& item_table();
/// Primary key (owner, name), a uuid and a text; unique key (code).
const Table& tally_table();
/// Refers to `item`; unique key (item_id, at desc).
const Table& remark_table();

/// Ids in an order that signed bytes would get wrong: the number is in the first two bytes.
Uuid uuid_of(unsigned number);
Timestamp time_of(int year, unsigned month, unsigned day, std::int64_t micros = 0);

/// Adds an item with this id and what may not be null.
std::span<Cell> add_item(Rows& rows, unsigned id);
std::span<Cell> add_remark(Rows& rows, unsigned id, unsigned item_id, std::int64_t micros);

/// JSON without the blanks between its tokens.
std::string compact(std::string_view json);

/// A fresh database with both tables, a storage on it, and a session.
class Conformance : public testing::Test {
 protected:
  Conformance();

  [[nodiscard]] std::unique_ptr<Storage> open_storage() const;

  // Each in a transaction of its own.
  std::vector<bool> insert(const Rows& rows);
  std::size_t update(const Rows& rows);
  /// The items or remarks with these ids, and these of their columns.
  Rows stored(const Table& table, std::initializer_list<unsigned> ids,
              std::initializer_list<std::size_t> columns);
  Cell stored_cell(unsigned item_id, std::size_t column);
  /// The ids of all items that are stored.
  std::vector<unsigned> stored_items();

  std::unique_ptr<FreshDatabase> database_ = storage_under_test().fresh_database();
  std::unique_ptr<Storage> storage_ = open_storage();
  std::unique_ptr<Session> session_;

 private:
  std::vector<Rows> read_;  // What the cells of `stored_cell` point into.
};

/// Adds a tally with this primary key.
std::span<Cell> add_tally(Rows& rows, unsigned owner, std::string_view name);

/// The ids that the rows have, as numbers.
std::vector<unsigned> ids_of(const Rows& rows);
Keys by_id(std::initializer_list<unsigned> ids);

}  // namespace conformance
}  // namespace hangar
