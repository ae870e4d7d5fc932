#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hangar::bench {

/// The lines of a file, in memory. Throws std::runtime_error when it cannot be read.
class EventFile {
 public:
  explicit EventFile(const std::string& path);

  [[nodiscard]] std::span<const std::string_view> events() const noexcept { return events_; }

 private:
  std::string content_;
  std::vector<std::string_view> events_;
};

}  // namespace hangar::bench
