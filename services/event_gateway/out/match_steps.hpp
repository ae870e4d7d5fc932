#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

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

inline constexpr std::size_t bytes_a_step = 16;

/// Where the text has these bytes first; npos where it has not. Linear in both, which
/// std::string_view::find is not. Throws TooManySteps.
inline std::size_t find_bytes(std::string_view text, std::string_view wanted, MatchSteps& steps) {
  const void* const found = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  const std::size_t begin =
      found == nullptr ? text.size()
                       : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  steps.take(1 + (begin + wanted.size()) / bytes_a_step);
  return found == nullptr ? std::string_view::npos : begin;
}

}  // namespace hangar::gateway
