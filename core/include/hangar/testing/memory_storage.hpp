#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "hangar/storage.hpp"

namespace hangar::testing {

class SharedTables;

/// Rows in memory, by the laws of a storage (`conformance`): for tests of services, and in the
/// place of a database that a new storage does not speak to yet. One transaction at a time, all of
/// it copied before it is changed; what waits longer than `patience` for its turn throws a
/// TransientError (`locked`). Indexes that are not unique are left out.
class MemoryDatabase {
 public:
  explicit MemoryDatabase(std::chrono::milliseconds patience = std::chrono::seconds{10});

  /// A storage on these rows, which stay as long as this or one of its storages. `name` is what
  /// `Storage::examine` calls it.
  [[nodiscard]] std::unique_ptr<Storage> open(std::string name = "memory") const;

 private:
  std::shared_ptr<SharedTables> tables_;
};

}  // namespace hangar::testing
