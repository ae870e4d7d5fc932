#include "log/rate_limit.hpp"

#include <fmt/format.h>

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

std::string since_said(std::uint64_t left_out, std::string_view things) {
  if (left_out == 0) return {};
  return fmt::format(" ({} more {} since this was said last)", left_out, things);
}

}  // namespace hangar
