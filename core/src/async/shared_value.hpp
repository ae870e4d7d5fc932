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

/// Words that one strand writes and any thread reads.
class Words {
 public:
  void set(std::string now) {
    const std::scoped_lock lock{mutex_};
    words_ = std::move(now);
  }
  [[nodiscard]] std::string value() const {
    const std::scoped_lock lock{mutex_};
    return words_;
  }

 private:
  mutable std::mutex mutex_;
  std::string words_;
};

}  // namespace hangar
