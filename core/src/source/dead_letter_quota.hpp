#pragma once

#include <cstddef>
#include <cstdint>

namespace hangar {

/// How many rejected messages may wait until their dead letters are stored. What can be recorded
/// passes them meanwhile, so they are never all that may be held.
class DeadLetterQuota {
 public:
  DeadLetterQuota(std::size_t most, std::uint64_t most_bytes) noexcept
      : most_{most}, most_bytes_{most_bytes} {}
  void allow(std::size_t most) noexcept { most_ = most; }

  /// Whether one more of so many bytes may wait; the first may, however large it is.
  [[nodiscard]] bool has_room(std::uint64_t bytes) const noexcept {
    return waiting_ == 0 || (waiting_ < most_ && bytes_ + bytes <= most_bytes_);
  }
  void add(std::uint64_t bytes) noexcept {
    ++waiting_;
    bytes_ += bytes;
  }
  void remove(std::uint64_t bytes) noexcept {
    --waiting_;
    bytes_ -= bytes;
  }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

  /// Somebody waits for room, or no longer.
  void queue() noexcept { ++queued_; }
  void leave_queue() noexcept { --queued_; }
  /// What came of the last attempt to store one.
  void attempted(bool stored) noexcept { failing_ = !stored; }
  /// Nothing more is handed out, because no dead letter is taken.
  [[nodiscard]] bool stuck() const noexcept { return queued_ > 0 && failing_; }

 private:
  std::size_t most_;
  std::uint64_t most_bytes_;
  std::size_t waiting_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t queued_ = 0;
  bool failing_ = false;
};

}  // namespace hangar
