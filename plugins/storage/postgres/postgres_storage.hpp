#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "connection_options.hpp"
#include "hangar/storage.hpp"

namespace hangar::postgres {

/// PostgreSQL 13 or newer, also behind PgBouncer in transaction mode. The constructor throws
/// ConfigError for a URL that it cannot take and connects to nothing; sessions connect when their
/// first transaction begins.
class PostgresStorage final : public Storage {
 public:
  explicit PostgresStorage(const StorageOptions& options);

  void prepare(std::span<const Table* const> tables, Creation creation) override;
  std::unique_ptr<Session> open_session() override;

 private:
  ConnectionOptions options_;
  std::chrono::milliseconds statement_timeout_;
};

}  // namespace hangar::postgres
