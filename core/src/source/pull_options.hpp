#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hangar/source.hpp"
#include "jetstream/stream_setup.hpp"

namespace hangar {

struct PullOptions {
  SourceOptions source;
  std::string service;
  /// End when everything that was in the stream at the start is settled.
  bool until_drained = false;
  /// Re-apply what the stream holds from here on up to its present end, then end: over a consumer
  /// of this source's own, so that `source.durable` stays where it is.
  std::optional<StreamStart> replay{};
  /// A replay that changes nothing but what the caller does: no stream is created and nothing is
  /// dead-lettered, it ends where everything up to there was settled by `source.durable`, if there
  /// is such a consumer, and passes over what was dead-lettered.
  struct Look {
    std::vector<std::uint64_t> dead_lettered;  ///< Positions in the stream, ascending.
  };
  std::optional<Look> look{};
};

/// The most messages that a source for it holds.
inline std::size_t credit_messages(const SourceOptions& source) noexcept {
  // Enough for two batches of the default size and one that is being written.
  constexpr std::size_t least = 4000;
  return std::max(least, (source.lanes + 1) * source.batch_size);
}

}  // namespace hangar
