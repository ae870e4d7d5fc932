#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

namespace hangar::sqlite {

/// Lets one at a time through, in the order of arrival. Thread-safe; a turn may be taken by one
/// thread and given back by another.
class TurnQueue {
 public:
  /// Waits for the turn, `patience` at the longest; false means that it was not taken.
  [[nodiscard]] bool enter(std::chrono::milliseconds patience);
  /// Gives back the turn that `enter` took.
  void leave() noexcept;
  /// How many wait for their turn.
  [[nodiscard]] std::size_t waiting() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint64_t> arrived_;  // The front one has the turn.
  std::uint64_t next_ = 0;
};

}  // namespace hangar::sqlite
