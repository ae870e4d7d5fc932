#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jetstream/stream_setup.hpp"

namespace hangar {

/// What of its stream a source reads that comes to an end: a replay, or a source that runs until
/// the stream is drained. An ordinary source has no end. Pure.
class ReplayRange {
 public:
  /// `start` is where a replay begins; it passes over the positions `left_out`, ascending.
  explicit ReplayRange(std::optional<StreamStart> start, std::vector<std::uint64_t> left_out = {});

  /// The range ends where the stream ends now, unless it has an end. Returns how many messages of
  /// it are still to come over the source's own consumer.
  std::uint64_t aim(const StreamInfo& stream, const ConsumerInfo& own);
  /// It ends where `recording`, if there is such a consumer, has settled everything. Returns how
  /// many positions behind that are left out.
  std::uint64_t aim_at_settled(const StreamInfo& stream,
                               const std::optional<ConsumerInfo>& recording);
  [[nodiscard]] bool has_end() const noexcept { return end_.has_value(); }

  /// Whether a replay passes over it: what was published after the end is the service's own
  /// consumer's.
  [[nodiscard]] bool leaves_out(std::uint64_t sequence) const noexcept;
  /// Whether everything up to the end is settled.
  [[nodiscard]] bool settled_by(const ConsumerInfo& own) const noexcept {
    return end_ && settled(own, *end_);
  }
  /// What to tell of a start that the stream does not hold; empty when it does. `first_stored` is
  /// when its first message was stored, in seconds since 1970.
  [[nodiscard]] std::string missing(const StreamInfo& stream, std::uint64_t first_stored) const;

 private:
  std::optional<StreamStart> start_;
  std::vector<std::uint64_t> left_out_;
  std::optional<std::uint64_t> end_;
};

}  // namespace hangar
