// What a PullSession does when it re-applies what the stream holds.
#include <fmt/format.h>

#include <utility>

#include "hangar/error.hpp"
#include "nats/pull_session.hpp"
#include "nats/utc.hpp"

namespace asio = boost::asio;

namespace hangar {

// What was published after the start is the service's own consumer's.
bool PullSession::beyond_replay(std::uint64_t sequence) const noexcept {
  return options_.replay && drain_target_ && sequence > *drain_target_;
}

void PullSession::aim(const StreamFacts& stream, const ConsumerFacts& consumer) {
  drain_target_ = stream.last_sequence;
  counters_->to_replay.set(consumer.pending);
}

asio::awaitable<void> PullSession::tell_what_is_gone(StreamFacts stream) {
  if (stream.first_sequence <= 1) co_return;
  const auto& since = options_.replay->since;
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
