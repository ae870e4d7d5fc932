#include "live/live_position.hpp"

#include <algorithm>
#include <utility>

namespace hangar {

std::uint64_t LivePosition::aim(const StreamInfo& stream) {
  const std::string before = std::exchange(created_, stream.created);
  if (before.empty()) {
    if (next_ == 0) next_ = stream.last_sequence + 1;
    next_ = std::max(next_, stream.first_sequence);
    end_ = stream.last_sequence;
    return 0;
  }
  if (before != stream.created || stream.last_sequence + 1 < next_) {
    next_ = std::max<std::uint64_t>(stream.first_sequence, 1);
    return 0;
  }
  const std::uint64_t dropped = stream.first_sequence > next_ ? stream.first_sequence - next_ : 0;
  next_ += dropped;
  return dropped;
}

bool LivePosition::arrived(std::uint64_t sequence, std::uint64_t pending) noexcept {
  pending_ = pending;
  if (sequence < next_) return false;
  next_ = sequence + 1;
  return true;
}

}  // namespace hangar
