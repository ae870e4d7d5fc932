#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace hangar::conformance {

/// An empty database that is gone at the end of its life.
class FreshDatabase {
 public:
  FreshDatabase() = default;
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;
  virtual ~FreshDatabase();
  /// What a user would write into `storage.url`.
  [[nodiscard]] virtual std::string url() const = 0;
};

/// For the storage `sqlite` a file in a new folder; for `postgres` a new database of the server
/// that HANGAR_TEST_POSTGRES_URL names. Throws std::runtime_error for another storage: a new one
/// adds its own here.
std::unique_ptr<FreshDatabase> make_fresh_database(std::string_view storage);

}  // namespace hangar::conformance
