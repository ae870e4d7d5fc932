#pragma once

#include <span>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar {

/// What a service's transaction is given: the session itself, and a note of the table that was used
/// last and that the service does not declare.
class ServiceSession final : public Session {
 public:
  ServiceSession(Session& session, std::span<const Table* const> declared)
      : session_{session}, declared_{declared} {}

  /// Null while the tables are declared ones.
  [[nodiscard]] const Table* undeclared() const noexcept { return undeclared_; }

  void begin() override { session_.begin(); }
  void commit() override { session_.commit(); }
  void rollback() noexcept override { session_.rollback(); }
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override {
    note(table);
    return session_.find(table, keys, columns, lock);
  }
  std::vector<bool> insert_missing(const Rows& rows) override {
    note(rows.table());
    return session_.insert_missing(rows);
  }
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    note(table);
    return session_.scan(table, range, columns, limit);
  }
  std::size_t update(const Rows& rows) override {
    note(rows.table());
    return session_.update(rows);
  }
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override {
    note(rows.table());
    return session_.add(rows, columns);
  }
  std::size_t erase(const Table& table, std::span<const Keys> keys) override {
    note(table);
    return session_.erase(table, keys);
  }
  std::size_t erase(const Table& table, const Range& range, std::size_t limit) override {
    note(table);
    return session_.erase(table, range, limit);
  }
  void savepoint() override { session_.savepoint(); }
  void rollback_to_savepoint() override { session_.rollback_to_savepoint(); }

 private:
  void note(const Table& table) noexcept;

  Session& session_;
  std::span<const Table* const> declared_;
  const Table* undeclared_ = nullptr;
};

}  // namespace hangar
