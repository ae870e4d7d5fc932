#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// How often one thing may be told: once an interval for each key. Keys are kept for good, so they
/// come from a closed set.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RateLimit(std::chrono::milliseconds interval) noexcept : interval_{interval} {}

  /// Nothing when it is too soon to tell it again; else how many times it was too soon since it was
  /// told last.
  std::optional<std::uint64_t> told(std::string_view key, Time now);

 private:
  struct Told {
    Time at;
    std::uint64_t left_out = 0;
  };
  std::chrono::milliseconds interval_;
  std::map<std::string, Told, std::less<>> keys_;
};

/// What a line that was told ends with: how many more `things` were left out, if any were.
std::string since_said(std::uint64_t left_out, std::string_view things);

}  // namespace hangar
