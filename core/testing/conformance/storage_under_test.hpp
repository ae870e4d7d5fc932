#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fresh_database.hpp"
#include "hangar/storage.hpp"

namespace hangar {
struct Plugin;
}

namespace hangar::conformance {

/// The program was called wrongly; says how it is called.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The plugin that this program tests, loaded as the host loads it.
class StorageUnderTest {
 public:
  /// The words behind the program's name. Throws UsageError, and std::runtime_error for a file that
  /// is no storage plugin of this build.
  void load(const std::vector<std::string>& words);

  [[nodiscard]] std::string_view name() const noexcept;
  [[nodiscard]] std::unique_ptr<FreshDatabase> fresh_database() const;
  [[nodiscard]] std::unique_ptr<Storage> open(const std::string& url) const;
  /// What a test that is about this feature says when it is skipped: that the storage is said to
  /// have no such thing. Nothing otherwise.
  [[nodiscard]] std::optional<std::string> lacks(std::string_view feature) const;

 private:
  void load_plugin(const std::string& path);

  const Plugin* plugin_ = nullptr;
  DatabaseForm form_;
  std::set<std::string, std::less<>> lacking_;
};

/// The one of this process.
StorageUnderTest& storage_under_test();

}  // namespace hangar::conformance
