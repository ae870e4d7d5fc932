#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hangar/keys.hpp"
#include "hangar/table.hpp"
#include "memory_table.hpp"

namespace hangar::testing {

/// The tables of a database, with the contract of a Session's calls. Of a call that throws an Error
/// some rows may be done.
class MemoryTables {
 public:
  /// Null when there is none of that name.
  [[nodiscard]] const MemoryTable* find_table(std::string_view name) const;
  void create(const Table& table);

  [[nodiscard]] Rows find(const Table& table, std::span<const Keys> keys,
                          std::span<const std::size_t> columns) const;
  [[nodiscard]] Rows scan(const Table& table, const Range& range,
                          std::span<const std::size_t> columns, std::size_t limit) const;
  std::vector<bool> insert_missing(const Rows& rows);
  std::size_t update(const Rows& rows);
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns);
  std::size_t erase(const Table& table, std::span<const Keys> keys);

 private:
  using Names = std::set<Values, ValuesLess>;  ///< Primary keys.

  [[nodiscard]] MemoryTable& stored(const Table& table);
  [[nodiscard]] const MemoryTable& stored(const Table& table) const;
  /// The rows that have one of the keys.
  [[nodiscard]] static Names named(const MemoryTable& its, const Table& table,
                                   std::span<const Keys> keys);
  /// Throws DataError for a row that breaks a constraint other than a unique key.
  void check_constraints(const MemoryTable& its, const Values& row) const;
  /// Throws DataError for a value that refers to no row.
  void check_reference(const MemoryTable& its, const ForeignKey& key, const Cell& value) const;
  void erase(MemoryTable& its, const Names& names);

  std::map<std::string, MemoryTable, std::less<>> tables_;
};

}  // namespace hangar::testing
