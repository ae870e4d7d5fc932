#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "fresh_database.hpp"
#include "hangar/storage.hpp"

namespace hangar {
struct Plugin;
}

namespace hangar::conformance {

/// The plugin that this program tests, loaded as the host loads it.
class StorageUnderTest {
 public:
  /// Throws std::runtime_error for a file that is no storage plugin of this build.
  void load(const char* path);

  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::unique_ptr<FreshDatabase> fresh_database() const;
  [[nodiscard]] std::unique_ptr<Storage> open(const std::string& url) const;

 private:
  const Plugin* plugin_ = nullptr;
};

/// The one of this process.
StorageUnderTest& storage_under_test();

}  // namespace hangar::conformance
