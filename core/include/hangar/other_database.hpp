#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hangar/config.hpp"

namespace hangar {

/// Reads the variables of another program, and keeps which of them were taken.
class OtherVariables {
 public:
  explicit OtherVariables(const std::map<std::string, std::string>& environment)
      : environment_{environment} {}

  /// The first of these names that is set and not empty, as the value of one setting: all of its
  /// names count as taken then.
  std::optional<std::string> take(const std::vector<std::string>& names) {
    auto value = look(names);
    if (value) taken_.insert(names.begin(), names.end());
    return value;
  }
  /// The same, but nothing counts as taken.
  [[nodiscard]] std::optional<std::string> look(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      const auto found = environment_.find(name);
      if (found != environment_.end() && !found->second.empty()) return found->second;
    }
    return std::nullopt;
  }
  [[nodiscard]] const std::set<std::string>& taken() const noexcept { return taken_; }

 private:
  const std::map<std::string, std::string>& environment_;
  std::set<std::string> taken_;
};

/// How a storage finds the database that another program's variables name.
struct OtherDatabase {
  OtherSettings settings;
  /// The variables that say where rows go. When one is set, and neither a storage takes it nor
  /// `storage.url` is set, the configuration is in error: rows would go elsewhere.
  std::vector<std::string> place;
  /// Variables that mean nothing without those.
  std::vector<std::string> access;
  std::string hint;  ///< What to do in that case.
  /// What `storage.url` shall be, or nothing when they name no database of this storage. Throws
  /// ConfigError, which names the variable and shows no value.
  std::optional<std::string> (*url)(OtherVariables& variables) = nullptr;
  /// The variables that are set and that this storage reads beside such a `storage.url`, though the
  /// other program would not: rows may go elsewhere.
  std::vector<std::string> (*beside)(const std::string& url,
                                     const OtherVariables& variables) = nullptr;
};

}  // namespace hangar
