#pragma once

#include <filesystem>
#include <string>

namespace hangar::conformance {

/// How databases are made; each of these may have `{name}`, `{folder}` and `{VARIABLE}`.
struct DatabaseForm {
  std::string url;
  std::string create{};  ///< A command of the shell; empty where opening the URL is enough.
  std::string drop{};
};

/// An empty database that is gone at the end of its life.
class FreshDatabase {
 public:
  /// Throws std::runtime_error where it cannot be made. The form outlives it.
  explicit FreshDatabase(const DatabaseForm& form);
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;
  ~FreshDatabase();
  /// What a user would write into `storage.url`.
  [[nodiscard]] std::string url() const;

 private:
  [[nodiscard]] std::string filled(const std::string& form) const;

  const DatabaseForm& form_;
  std::filesystem::path folder_;
  std::string name_;
};

}  // namespace hangar::conformance
