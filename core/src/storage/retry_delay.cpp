#include "storage/retry_delay.hpp"

#include <algorithm>

namespace hangar {

std::chrono::milliseconds retry_delay(TransientError::Retry retry, std::size_t failures,
                                      double jitter) {
  using std::chrono::milliseconds;
  constexpr std::size_t at_once_limit = 5;
  constexpr milliseconds least{50};
  constexpr milliseconds most{5'000};
  const bool race =
      retry == TransientError::Retry::at_once || retry == TransientError::Retry::conflict;
  if (race && failures <= at_once_limit) return milliseconds{0};
  milliseconds delay = most;
  if (retry != TransientError::Retry::when_answerable) {
    const std::size_t doublings = std::min<std::size_t>(failures == 0 ? 0 : failures - 1, 10);
    delay = std::min(most, least * (1 << doublings));
  }
  const auto half = delay / 2;
  return half +
         milliseconds{static_cast<milliseconds::rep>(static_cast<double>(half.count()) * jitter)};
}

}  // namespace hangar
