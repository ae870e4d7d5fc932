#include "source/replay_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text/utc.hpp"

namespace hangar {

ReplayRange::ReplayRange(std::optional<StreamStart> start, std::vector<std::uint64_t> left_out)
    : start_{start}, left_out_{std::move(left_out)} {}

std::uint64_t ReplayRange::aim(const StreamInfo& stream, const ConsumerInfo& own) {
  if (!end_) end_ = stream.last_sequence;
  const std::uint64_t behind = *end_ + 1;
  return std::min(own.pending, behind - std::min(behind, stream.first_sequence));
}

std::uint64_t ReplayRange::aim_at_settled(const StreamInfo& stream,
                                          const std::optional<ConsumerInfo>& recording) {
  const bool all = !recording || settled(*recording, stream.last_sequence);
  end_ = all ? stream.last_sequence : recording->ack_floor;
  return stream.last_sequence - *end_;
}

bool ReplayRange::leaves_out(std::uint64_t sequence) const noexcept {
  return start_ && ((end_ && sequence > *end_) || std::ranges::binary_search(left_out_, sequence));
}

std::string ReplayRange::missing(const StreamInfo& stream, std::uint64_t first_stored) const {
  if (!start_) return {};
  const auto& since = start_->since;
  if (!since && start_->sequence > stream.last_sequence) {
    return fmt::format("stream {} ends at {}: there is nothing from {} on", stream.name,
                       stream.last_sequence, start_->sequence);
  }
  const std::chrono::sys_seconds begins{std::chrono::seconds{first_stored}};
  const bool gone = since ? *since < begins : start_->sequence < stream.first_sequence;
  if (!gone || stream.first_sequence <= 1) return {};
  return fmt::format(
      "stream {} begins at {}{}: what was published before is not there any more and cannot be "
      "re-applied",
      stream.name, stream.first_sequence, since ? ", stored " + utc_text(begins) : "");
}

}  // namespace hangar
