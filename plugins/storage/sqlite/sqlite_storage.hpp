#pragma once

#include <memory>
#include <span>
#include <vector>

#include "hangar/file_storage.hpp"
#include "writer.hpp"

namespace hangar::sqlite {

/// Storage in one SQLite file, in the forms in which a Prefect server reads it. All sessions share
/// one connection and take turns: between `begin` and the end of the transaction the other sessions
/// of this storage wait, and every other process that writes does too.
class SqliteStorage final : public FileStorage {
 public:
  /// Reads the URL and touches no file. Throws ConfigError for a URL that it cannot take.
  explicit SqliteStorage(const StorageOptions& options);

  void check_place(Creation creation) const override;
  void prepare(std::span<const Table* const> tables, Creation creation) override;
  std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) override;
  [[nodiscard]] std::size_t concurrent_sessions() const noexcept override { return 1; }
  std::unique_ptr<Session> open_session() override;

 private:
  std::shared_ptr<Writer> writer_;
};

}  // namespace hangar::sqlite
