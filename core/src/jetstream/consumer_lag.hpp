#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/shared_value.hpp"
#include "jetstream/stream_info.hpp"

namespace hangar {

/// How far behind a consumer of a stream is.
struct ConsumerLag {
  /// The name that all consumers have together that are not durable, or beyond `most_durables`: no
  /// consumer is called so.
  static constexpr const char* others = "*";
  static constexpr std::size_t most_durables = 100;

  std::string stream;
  std::string consumer;
  std::uint64_t pending = 0;      ///< Messages that were not delivered.
  std::uint64_t ack_pending = 0;  ///< Messages that were delivered and not acked.
};
using ConsumerLags = Shared<std::vector<ConsumerLag>>;

/// The durable consumers by their names, and one for all others, as far behind as the last of them
/// in either number. Pure.
std::vector<ConsumerLag> lags_of(const std::string& stream, std::vector<ConsumerInfo> consumers);

}  // namespace hangar
