// What a PullSession does when it re-applies what the stream holds.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hangar/error.hpp"
#include "source/pull_session.hpp"
#include "text/utc.hpp"

namespace asio = boost::asio;

namespace hangar {

// What was published after the start is the service's own consumer's.
bool PullSession::left_out_of_replay(std::uint64_t sequence) const noexcept {
  if (!options_.replay) return false;
  if (drain_target_ && sequence > *drain_target_) return true;
  return options_.look && std::ranges::binary_search(options_.look->dead_lettered, sequence);
}

void PullSession::aim(const StreamFacts& stream, const ConsumerFacts& consumer) {
  counters_->stream_begin.set(stream.first_sequence);
  if (!drain_target_) drain_target_ = stream.last_sequence;
  counters_->to_replay.set(std::min(
      consumer.pending, *drain_target_ + 1 - std::min(*drain_target_ + 1, stream.first_sequence)));
}

asio::awaitable<void> PullSession::aim_at_settled(StreamFacts stream) {
  std::uint64_t target = stream.last_sequence;
  try {
    const ConsumerFacts consumer = co_await consumer_info(*link_, stream.name, settled_by_);
    if (!settled(consumer, target)) target = consumer.ack_floor;
  } catch (const ConfigError&) {
    // Nobody has made it: somebody else records.
  }
  drain_target_ = target;
  counters_->unsettled.set(stream.last_sequence - target);
}

asio::awaitable<void> PullSession::tell_what_is_gone(StreamFacts stream) {
  const auto& since = options_.replay->since;
  if (!since && options_.replay->sequence > stream.last_sequence) {
    log_.warning("stream {} ends at {}: there is nothing from {} on", stream.name,
                 stream.last_sequence, options_.replay->sequence);
    co_return;
  }
  if (stream.first_sequence <= 1) co_return;
  const std::uint64_t stored =
      since ? co_await stored_after(*link_, stream.name, stream.first_sequence - 1, {}) : 0;
  const std::chrono::sys_seconds begins{std::chrono::seconds{stored}};
  const bool gone = since ? *since < begins : options_.replay->sequence < stream.first_sequence;
  if (!gone) co_return;
  log_.warning(
      "stream {} begins at {}{}: what was published before is not there any more and cannot be "
      "re-applied",
      stream.name, stream.first_sequence, since ? ", stored " + utc_text(begins) : "");
}

// Without it the server does so after a while.
asio::awaitable<void> PullSession::delete_own_consumer() {
  if (!verified_) co_return;
  try {
    co_await delete_consumer(*link_, options_.source.stream, options_.source.durable);
  } catch (const Error& error) {
    log_.debug("{}", error.what());
  }
}

}  // namespace hangar
