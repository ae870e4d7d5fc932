#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace hangar::gateway {

/// A filter takes more steps to decide about one event than it may.
class TooManySteps : public std::runtime_error {
 public:
  TooManySteps() : std::runtime_error{"a filter takes too many steps to decide about an event"} {}
};

/// What a filter may cost that decides about one event. A step takes some nanoseconds: one
/// character is looked at, eight short texts are compared, or sixteen bytes searched.
class MatchSteps {
 public:
  static constexpr std::size_t most = 200'000;

  /// Throws TooManySteps when there are no more.
  void take(std::size_t steps) {
    if (steps > left_) throw TooManySteps{};
    left_ -= steps;
  }
  [[nodiscard]] std::size_t left() const noexcept { return left_; }

 private:
  std::size_t left_ = most;
};

}  // namespace hangar::gateway
