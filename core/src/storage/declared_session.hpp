#pragma once

#include <span>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar {

/// The session of a transaction, for the tables that its service declares. A call that names
/// another one throws std::logic_error: whether that is there, nobody has looked.
class DeclaredSession final : public Session {
 public:
  /// Both outlive it.
  DeclaredSession(Session& session, std::span<const Table* const> tables)
      : session_{session}, tables_{tables} {}

  void begin() override { session_.begin(); }
  void commit() override { session_.commit(); }
  void rollback() noexcept override { session_.rollback(); }
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override {
    return of(table).find(table, keys, columns, lock);
  }
  std::vector<bool> insert_missing(const Rows& rows) override {
    return of(rows.table()).insert_missing(rows);
  }
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    return of(table).scan(table, range, columns, limit);
  }
  std::size_t update(const Rows& rows) override { return of(rows.table()).update(rows); }
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override {
    return of(rows.table()).add(rows, columns);
  }
  std::size_t erase(const Table& table, std::span<const Keys> keys) override {
    return of(table).erase(table, keys);
  }
  std::size_t erase(const Table& table, const Range& range, std::size_t limit) override {
    return of(table).erase(table, range, limit);
  }
  void savepoint() override { session_.savepoint(); }
  void rollback_to_savepoint() override { session_.rollback_to_savepoint(); }

 private:
  [[nodiscard]] Session& of(const Table& table) const;

  Session& session_;
  std::span<const Table* const> tables_;
};

}  // namespace hangar
