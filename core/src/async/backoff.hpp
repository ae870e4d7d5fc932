#pragma once

#include <algorithm>
#include <chrono>

namespace hangar {

/// How long to wait between attempts that fail: each time twice as long, up to a longest. Pure.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  constexpr explicit Backoff(Milliseconds first = Milliseconds{250},
                             Milliseconds longest = Milliseconds{5000}) noexcept
      : first_{first}, longest_{longest}, next_{first} {}

  /// The wait before the next attempt.
  constexpr Milliseconds next() noexcept {
    const Milliseconds wait = next_;
    next_ = std::min(next_ * 2, longest_);
    return wait;
  }
  /// The next wait is no shorter.
  constexpr void at_least(Milliseconds least) noexcept { next_ = std::max(next_, least); }
  /// The last attempt did well.
  constexpr void reset() noexcept { next_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds longest_;
  Milliseconds next_;
};

}  // namespace hangar
