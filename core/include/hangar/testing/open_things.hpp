#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <iterator>

namespace hangar::testing {

/// What a process has open.
struct OpenThings {
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  bool operator==(const OpenThings&) const = default;
};

/// Of this process, now. A thread is still listed for a moment after it was joined.
inline OpenThings open_things() {
  const auto count = [](const char* folder) {
    const std::filesystem::directory_iterator all{folder};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  };
  return {count("/proc/self/task"), count("/proc/self/fd")};
}

}  // namespace hangar::testing
