#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace hangar {

/// When a service that failed is started again. Pure; not thread-safe.
class RestartPolicy {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::minutes window{10};
  static constexpr std::chrono::milliseconds first_wait{100};
  static constexpr std::chrono::milliseconds longest_wait{30'000};

  /// `most`: restarts within the window.
  explicit RestartPolicy(std::size_t most) : most_{most} {}

  /// It failed: how long to wait before it is started again, twice as long for each failure within
  /// the window; nothing when there were too many.
  std::optional<std::chrono::milliseconds> after_failure(Clock::time_point now) {
    std::erase_if(failures_, [&](Clock::time_point at) { return now - at >= window; });
    const std::size_t before = failures_.size();
    if (before >= most_) return std::nullopt;
    failures_.push_back(now);
    constexpr std::size_t enough = 16;  // doublings reach the longest wait before
    return std::min(longest_wait, first_wait * (1U << std::min(before, enough)));
  }

  /// Within the window before the last call.
  [[nodiscard]] std::size_t failures() const noexcept { return failures_.size(); }

 private:
  std::size_t most_;
  std::deque<Clock::time_point> failures_;
};

}  // namespace hangar
