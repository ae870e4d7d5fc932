#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace hangar::batch {

/// How many items one transaction takes: half as many from the second failure in a row on, for
/// what takes too long or waits too long for a lock may do with less; twice as many after each
/// success. Pure; not thread-safe.
class AdaptiveBatchSize {
 public:
  AdaptiveBatchSize() = default;
  /// Begins with so many at most.
  explicit AdaptiveBatchSize(std::size_t most) : most_{most} {}

  [[nodiscard]] std::size_t of(std::size_t batch) const noexcept { return std::min(batch, most_); }

  /// A transaction of `size` items failed without anybody's fault.
  void failed(std::size_t size) noexcept {
    if (++failures_ > 1) most_ = std::max<std::size_t>(1, size / 2);
  }

  void succeeded() noexcept {
    failures_ = 0;
    most_ = most_ > unlimited / 2 ? unlimited : most_ * 2;
  }

 private:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  std::size_t most_ = unlimited;
  std::size_t failures_ = 0;
};

}  // namespace hangar::batch
