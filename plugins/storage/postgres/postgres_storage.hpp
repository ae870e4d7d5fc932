#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <pqxx/pqxx>
#include <span>
#include <string_view>
#include <vector>

#include "connection_options.hpp"
#include "hangar/storage.hpp"
#include "index_row.hpp"

namespace hangar::postgres {

/// PostgreSQL 13 or newer, also behind PgBouncer in transaction mode. The constructor throws
/// ConfigError for a URL that it cannot take and connects to nothing; sessions connect when their
/// first transaction begins.
class PostgresStorage final : public Storage {
 public:
  explicit PostgresStorage(const StorageOptions& options);

  void prepare(std::span<const Table* const> tables, Creation creation) override;
  std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) override;
  [[nodiscard]] StorageLimits limits() const noexcept override {
    return {.nul = false, .index_takes = index_takes};
  }
  std::unique_ptr<Session> open_session() override;

 private:
  /// Runs `work` in a transaction on a connection of its own; throws as `raise` does.
  void transact(std::string_view doing, const std::function<void(pqxx::work&)>& work) const;

  PresentOptions options_;
  std::chrono::milliseconds statement_timeout_;
};

}  // namespace hangar::postgres
