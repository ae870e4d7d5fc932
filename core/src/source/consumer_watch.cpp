#include "source/consumer_watch.hpp"

#include <chrono>
#include <utility>

#include "jetstream/stream_setup.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto watch_every = 5000ms;
constexpr double nearly_full = 0.8;

}  // namespace

void ConsumerWatch::ack_denied() {
  source_.counters->acks_denied.set(1);
  ack_denied_ = true;
}

asio::awaitable<void> ConsumerWatch::run() {
  while (!source_.closed()) {
    const auto next = Clock::now() + watch_every;
    try {
      if (binding_.bound()) co_await see_consumer();
      if (binding_.bound()) co_await see_dead_letters();
    } catch (const std::exception& error) {
      source_.log.debug("stream {}: {}", source_.options.source.stream, error.what());
    }
    while (!source_.closed() && Clock::now() < next) co_await source_.changes.wait_until(next);
  }
}

asio::awaitable<void> ConsumerWatch::see_consumer() {
  const SourceOptions& options = source_.options.source;
  SourceCounters& counters = *source_.counters;
  Link& link = *source_.link;
  const Incarnation asked = check_.incarnation();
  const auto began = Clock::now();
  Sighting now;
  now.before = co_await stream_info(link, options.stream);
  now.consumer = co_await consumer_info(link, options.stream, options.durable);
  now.after = co_await stream_info(link, options.stream);
  link.judge_round(now.before.has_quorum, began);
  const auto change = check_.compare(asked, now);
  if (!change) co_return;
  counters.upstream_lost.add(change->lost);
  // Who may ack again is not told so by the server.
  if (change->acked && !ack_denied_) counters.acks_denied.set(0);
  ack_denied_ = false;
  const ConsumerInfo& consumer = now.consumer;
  counters.pending.set(consumer.pending);
  counters.ack_pending.set(consumer.ack_pending);
  counters.waiting_pulls.set(consumer.waiting);
  const bool behind = now.after.first_sequence > consumer.ack_floor + 1;
  counters.expired_unacked.set(
      behind && consumer.ack_floor > 0 ? now.after.first_sequence - consumer.ack_floor - 1 : 0);
  // Last, as a user need not be allowed to see it.
  counters.oldest_unacked.set(co_await oldest_unacked(consumer));
}

asio::awaitable<std::uint64_t> ConsumerWatch::oldest_unacked(const ConsumerInfo& consumer) {
  const bool idle = consumer.pending == 0 && consumer.ack_pending == 0;
  const auto oldest = source_.held->oldest_stored();
  if (idle || oldest) held_none_ = false;
  if (idle) co_return 0;
  if (oldest) {
    co_return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(oldest->time_since_epoch()).count());
  }
  // Another host has it, or nobody; a replay has its consumer alone. The server may have to search
  // the stream for it, and one (seen with 2.9.10, and 2.12 reads the same) ends with a nil pointer
  // when the stream is deleted while it looks. So it is not asked before the first messages can be
  // here, nor for one that has just come.
  if (source_.options.replay) co_return 0;
  if (!std::exchange(held_none_, true)) co_return source_.counters->oldest_unacked.value();
  const SourceOptions& options = source_.options.source;
  co_return co_await stored_after(*source_.link, options.stream, consumer.ack_floor,
                                  options.filter_subject);
}

asio::awaitable<void> ConsumerWatch::see_dead_letters() {
  if (!letters_.refusal().empty()) co_await letters_.ensure_stream(WhenAbsent::create);
  if (!letters_.has_stream()) co_return;
  const StreamInfo info = co_await stream_info(*source_.link, dead_letter_stream);
  letters_.see(info);
  const std::uint64_t most = info.max_bytes > 0 ? static_cast<std::uint64_t>(info.max_bytes) : 0;
  source_.counters->stored_letters.set(info.messages);
  source_.counters->stored_letter_bytes.set(info.bytes);
  source_.counters->most_letter_bytes.set(most);
  const bool full =
      most > 0 && static_cast<double>(info.bytes) >= nearly_full * static_cast<double>(most);
  if (full && !std::exchange(nearly_full_, true)) {
    source_.log.warning(
        "stream {} holds {} bytes of dead letters, and takes {} at most; when it is full, events "
        "that cannot be recorded wait in their stream: see `hangar dlq ls`, then replay, export or "
        "purge them",
        dead_letter_stream, info.bytes, info.max_bytes);
  }
  nearly_full_ = full;
}

}  // namespace hangar
