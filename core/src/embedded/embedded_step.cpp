#include "embedded/embedded_step.hpp"

#include <algorithm>
#include <array>

namespace hangar {
namespace {

// What Go calls ENOSPC, EDQUOT, EFBIG, EIO and EROFS, and what the server says
// when it gives up.
constexpr std::array<std::string_view, 6> failures{"no space left on device", "disk quota exceeded",
                                                   "file too large",          "input/output error",
                                                   "read-only file system",   "will be DISABLED"};

bool tells_failure(std::string_view line) noexcept {
  return std::ranges::any_of(
      failures, [&](std::string_view text) { return line.find(text) != std::string_view::npos; });
}

}  // namespace

EmbeddedStep next_step(const EmbeddedView& seen) noexcept {
  if (seen.locked) return EmbeddedStep::start;
  if (seen.joined) return EmbeddedStep::wait;
  if (seen.told) return EmbeddedStep::join;
  return seen.waited > joins_within ? EmbeddedStep::give_up : EmbeddedStep::wait;
}

std::string_view write_failure(std::string_view log) noexcept {
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    if (tells_failure(line)) return line;
    log.remove_prefix(std::min(line.size() + 1, log.size()));
  }
  return {};
}

}  // namespace hangar
