#include "log/rate_limit.hpp"

#include <utility>

namespace hangar {

std::optional<std::uint64_t> RateLimit::told(std::string_view key, Time now) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) {
    keys_.emplace(key, Told{.at = now});
    return 0;
  }
  Told& last = found->second;
  if (now - last.at < interval_) {
    ++last.left_out;
    return std::nullopt;
  }
  last.at = now;
  return std::exchange(last.left_out, 0);
}

}  // namespace hangar
