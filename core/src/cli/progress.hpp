#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace hangar {

/// How many were done a second; nothing over a time that is too short to tell.
std::optional<std::uint64_t> rate_of(std::size_t done, std::chrono::nanoseconds within) noexcept;

/// Progress on standard error: a bar on a terminal, else one line each five seconds.
class Progress {
 public:
  /// A total of 0 is one that is not known; `done` was done before.
  Progress(std::string label, std::size_t total, std::size_t done = 0);
  /// May be called as often as one likes; draws at most ten times a second.
  void update(std::size_t done);
  /// Draws the last state and ends the line.
  void finish(std::size_t done);

 private:
  void draw(std::size_t done);

  std::string label_;
  std::size_t total_;
  std::size_t at_begin_;
  bool terminal_;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace hangar
