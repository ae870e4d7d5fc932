#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace hangar {

/// A number that one strand writes and any thread reads.
class Count {
 public:
  void add(std::uint64_t more = 1) noexcept { set(value() + more); }
  void set(std::uint64_t now) noexcept { value_.store(now, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// A value that one strand writes and any thread reads.
template <class T>
class Shared {
 public:
  void set(T now) {
    const std::scoped_lock lock{mutex_};
    value_ = std::move(now);
  }
  [[nodiscard]] T value() const {
    const std::scoped_lock lock{mutex_};
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

using Words = Shared<std::string>;

}  // namespace hangar
