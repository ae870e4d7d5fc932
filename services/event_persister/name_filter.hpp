#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar::persister {

/// Which events are stored, by their names. In a glob `*` stands for any characters, also none;
/// everything else, in its case, for itself.
class NameFilter {
 public:
  /// All are stored.
  NameFilter() = default;
  /// Those that a glob of `include` matches, or all where it has none; without those that one of
  /// `exclude` matches.
  NameFilter(std::vector<std::string> include, std::vector<std::string> exclude)
      : include_{std::move(include)}, exclude_{std::move(exclude)} {}

  [[nodiscard]] bool takes(std::string_view name) const noexcept;
  /// What it does, in a sentence; empty where all events are stored.
  [[nodiscard]] std::string description() const;

 private:
  std::vector<std::string> include_;
  std::vector<std::string> exclude_;
};

}  // namespace hangar::persister
