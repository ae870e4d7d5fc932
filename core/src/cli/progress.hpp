#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace hangar {

/// Progress on standard error: a bar on a terminal, else one line each five seconds.
class Progress {
 public:
  /// A total of 0 is one that is not known.
  Progress(std::string label, std::size_t total);
  /// May be called as often as one likes; draws at most ten times a second.
  void update(std::size_t done);
  /// Draws the last state and ends the line.
  void finish(std::size_t done);

 private:
  void draw(std::size_t done);

  std::string label_;
  std::size_t total_;
  bool terminal_;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace hangar
