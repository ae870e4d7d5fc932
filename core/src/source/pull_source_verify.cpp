// What a PullSource sees of its consumer every few seconds.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "nats/subjects.hpp"
#include "source/pull_source.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto watch_every = 5000ms;
constexpr double nearly_full = 0.8;

}  // namespace

// For whoever looks at /metrics, and to notice what the stream has dropped.
asio::awaitable<void> PullSource::watch() {
  while (!state_.closed()) {
    const auto next = Clock::now() + watch_every;
    try {
      if (binding_.bound()) co_await observe();
      if (binding_.bound()) co_await look_at_dead_letters();
    } catch (const std::exception& error) {
      state_.log.debug("stream {}: {}", state_.options.source.stream, error.what());
    }
    while (!state_.closed() && Clock::now() < next) co_await state_.changes.wait_until(next);
  }
}

asio::awaitable<void> PullSource::observe() {
  const SourceOptions& source = state_.options.source;
  const Incarnation before = check_.incarnation();
  const auto began = Clock::now();
  Sighting now;
  now.before = co_await stream_info(*state_.link, source.stream);
  now.consumer = co_await consumer_info(*state_.link, source.stream, source.durable);
  now.after = co_await stream_info(*state_.link, source.stream);
  state_.link->judge_round(now.before.has_quorum, began);
  const auto change = check_.compare(before, now);
  if (!change) co_return;
  state_.counters->upstream_lost.add(change->lost);
  // Who may ack again is not told so by the server.
  if (change->acked && !denied_since_look_) state_.counters->acks_denied.set(0);
  denied_since_look_ = false;
  state_.counters->pending.set(now.consumer.pending);
  state_.counters->ack_pending.set(now.consumer.ack_pending);
  state_.counters->waiting_pulls.set(now.consumer.waiting);
  const bool behind = now.after.first_sequence > now.consumer.ack_floor + 1;
  state_.counters->expired_unacked.set(behind && now.consumer.ack_floor > 0
                                           ? now.after.first_sequence - now.consumer.ack_floor - 1
                                           : 0);
  const bool idle = now.consumer.pending == 0 && now.consumer.ack_pending == 0;
  const std::uint64_t floor = now.consumer.ack_floor;
  // Last, as a user need not be allowed to see it.
  state_.counters->oldest_unacked.set(
      idle ? 0 : co_await stored_after(*state_.link, source.stream, floor, source.filter_subject));
}

asio::awaitable<void> PullSource::look_at_dead_letters() {
  if (!letters_.refusal().empty()) co_await letters_.ensure_stream(WhenAbsent::create);
  if (!letters_.refusal().empty()) co_return;
  const StreamFacts facts = co_await stream_info(*state_.link, dead_letter_stream);
  const std::uint64_t most = facts.max_bytes > 0 ? static_cast<std::uint64_t>(facts.max_bytes) : 0;
  state_.counters->stored_letters.set(facts.messages);
  state_.counters->stored_letter_bytes.set(facts.bytes);
  state_.counters->most_letter_bytes.set(most);
  const bool full =
      most > 0 && static_cast<double>(facts.bytes) >= nearly_full * static_cast<double>(most);
  if (full && !std::exchange(letters_nearly_full_, true)) {
    state_.log.warning(
        "stream {} holds {} bytes of dead letters, and takes {} at most; when it is full, events "
        "that cannot be recorded wait in their stream: see `hangar dlq ls`, then replay, export or "
        "purge them",
        dead_letter_stream, facts.bytes, facts.max_bytes);
  }
  letters_nearly_full_ = full;
}

}  // namespace hangar
