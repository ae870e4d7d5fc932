#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "status/snapshot.hpp"

namespace hangar {

/// The numbers of the last quarter of an hour, from which the page draws its curves. Thread-safe: a
/// reader holds the lock for the writing of some thousand numbers.
class History {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds interval{5};  ///< Between two samples, at least.
  static constexpr std::chrono::minutes span{15};     ///< From the oldest sample to the newest.

  /// Takes a sample if it is time for one.
  void look(const Snapshot& seen, Clock::time_point now);

  /// What `/history` answers: one JSON object and a line feed. Each list has a number for each
  /// sample, the oldest first; `age_ms` is how much older it is than the newest. Counters are
  /// told as they were, so that a rate is the difference of two. A service without sources has no
  /// lists.
  [[nodiscard]] std::string json() const;

 private:
  /// Of all sources of one service.
  struct Numbers {
    std::uint64_t settled = 0;  ///< Messages that were recorded, ignored or dead-lettered.
    std::uint64_t pending = 0;
    std::uint64_t lag_seconds = 0;  ///< Of the source that is furthest behind.
  };
  struct Sample {
    Clock::time_point at;
    std::uint64_t dead_letters = 0;
    std::map<std::string, Numbers> services;
  };

  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
};

}  // namespace hangar
