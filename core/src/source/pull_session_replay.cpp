// What a PullSession does when it re-applies what the stream holds.
#include "hangar/error.hpp"
#include "source/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {

asio::awaitable<void> PullSession::aim_at_settled(StreamFacts stream) {
  std::optional<ConsumerFacts> recording;
  try {
    recording = co_await consumer_info(*link_, stream.name, settled_by_);
  } catch (const ConfigError&) {
    // Nobody has made it.
  }
  counters_->unsettled.set(range_.aim_at_settled(stream, recording));
}

asio::awaitable<void> PullSession::tell_what_is_gone(StreamFacts stream) {
  std::uint64_t stored = 0;
  if (options_.replay->since && stream.first_sequence > 1) {
    stored = co_await stored_after(*link_, stream.name, stream.first_sequence - 1, {});
  }
  const std::string missing = range_.missing(stream, stored);
  if (!missing.empty()) log_.warning("{}", missing);
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
