// How a PullSource finds out whether stream and consumer are the ones it knows.
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

constexpr auto create_again_after = 2s;
constexpr auto first_wait = 250ms;
constexpr auto longest_wait = 5000ms;
constexpr auto watch_every = 5000ms;
constexpr double nearly_full = 0.8;

}  // namespace

void PullSource::begin_verification() {
  unbind();
  if (binding_ != Binding::unbound) return;
  binding_ = Binding::verifying;
  asio::co_spawn(
      executor_,
      [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->verify(); },
      asio::detached);
}

// Tries until it succeeds; a connection that is lost meanwhile is a failure like any other.
asio::awaitable<void> PullSource::verify() {
  std::chrono::milliseconds wait = first_wait;
  std::string last;
  while (!state_.stopping() && binding_ == Binding::verifying) {
    std::string problem;
    try {
      co_await state_.link->wait_connected(Clock::now() + longest_wait);
      const auto connection = state_.link->connections();
      if (state_.link->connected()) co_await look();
      if (state_.link->connected() && connection == state_.link->connections() &&
          !state_.stopping()) {
        binding_ = Binding::bound;
      }
    } catch (const ConfigError& error) {
      // A service that has not begun yet fails; one that runs waits for somebody to repair it.
      if (state_.opening()) {
        failure_ = std::current_exception();
        binding_ = Binding::failed;
      }
      problem = error.what();
    } catch (const DeniedError& error) {
      // A host waits until somebody lets it; whoever gave a command wants to know.
      if (state_.opening() && state_.options.replay) {
        failure_ = std::current_exception();
        binding_ = Binding::failed;
      }
      problem = error.what();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (binding_ == Binding::verifying && !problem.empty()) {
      if (problem != last) state_.log.warning("{}; trying again", problem);
      last = std::move(problem);
      co_await state_.changes.wait_until(Clock::now() + wait);
      wait = std::min<std::chrono::milliseconds>(wait * 2, longest_wait);
    }
  }
  if (binding_ == Binding::verifying) binding_ = Binding::unbound;
  if (bound()) {
    puller_.open(Clock::now());
    state_.held->outbox().open();
    if (state_.opening()) {
      state_.phase = Phase::pulling;
      look_after_held();
      asio::co_spawn(
          executor_,
          [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->watch(); },
          asio::detached);
    }
    flush();
  }
  state_.changes.wake_all();
}

asio::awaitable<void> PullSource::look() {
  // A server that is still deleting would delete what is created meanwhile, and somebody who
  // deletes a stream may want to create it himself.
  const auto now = Clock::now();
  const bool gone_for_good = absent_since_ && now - *absent_since_ > create_again_after;
  const WhenAbsent when_absent =
      state_.opening() || gone_for_good ? WhenAbsent::create : WhenAbsent::fail;
  try {
    co_await look(when_absent);
    absent_since_.reset();
  } catch (const AbsentError& error) {
    if (state_.options.replay && state_.opening()) throw ConfigError{error.what()};
    if (!absent_since_) absent_since_ = now;
    throw;
  }
}

asio::awaitable<void> PullSource::look(WhenAbsent when_absent) {
  const SourceOptions& source = state_.options.source;
  const auto began = Clock::now();
  check_source_names(source);
  StreamSpec stream_spec{source.stream, stream_subject(source.stream, source.filter_subject)};
  stream_spec.replicas = replicas_;
  stream_spec.max_age = max_age_;
  if (stream_spec.subject.empty()) {
    throw ConfigError{fmt::format("stream {}: filter_subject is empty", source.stream)};
  }
  // A replay of a stream that is not there is a mistake.
  StreamFacts stream = co_await ensure_stream(
      *state_.link, stream_spec, state_.options.replay ? WhenAbsent::fail : when_absent);
  check_.stream(stream);
  ConsumerSpec consumer_spec{source.durable, source.filter_subject};
  consumer_spec.credit = state_.held->credit().most().messages;
  consumer_spec.start = state_.options.replay;
  ConsumerFacts consumer =
      co_await ensure_consumer(*state_.link, source.stream, consumer_spec, when_absent);
  // Peers of a stream that was just created may not have been heard yet.
  if (stream.has_quorum) state_.link->judge_round(true, began);
  // What was published between the two answers is in the second only.
  if (consumer.delivered_sequence > stream.last_sequence) {
    stream = co_await ensure_stream(*state_.link, std::move(stream_spec), when_absent);
  }
  if (check_.rolled_back(stream, consumer)) {
    state_.counters->rolled_back.add();
    state_.log.error(
        "stream {} ends at {}, and consumer {} has been given {}: the server lost the end of the "
        "stream; the consumer is made anew and every event of the stream recorded again, because "
        "a server before 2.14 would skip those that come next",
        stream.name, stream.last_sequence, consumer.durable, consumer.delivered_sequence);
    co_await delete_consumer(*state_.link, source.stream, source.durable);
    state_.held->abandon();
    consumer = co_await ensure_consumer(*state_.link, source.stream, std::move(consumer_spec),
                                        WhenAbsent::create);
    check_.forget();
  }
  StreamFacts letters;
  if (state_.options.look) {
    if (!range_.has_end()) co_await aim_at_settled(stream);
  } else {
    letters = co_await letters_.ensure_stream(when_absent);
  }
  judge(stream, consumer, !state_.options.look && letters_.refusal().empty() ? &letters : nullptr);
  if (state_.options.replay && !state_.options.look && state_.opening())
    co_await tell_what_is_gone(std::move(stream));
}

void PullSource::judge(const StreamFacts& stream, const ConsumerFacts& consumer,
                       const StreamFacts* letters) {
  check_.settings(stream, consumer, letters, state_.link->max_payload());
  if (check_.identify(stream, consumer) == ConsumerCheck::Seen::recreated) {
    state_.counters->incarnations.add();
    state_.log.error(
        "stream {} or its consumer {} was deleted and created again: {} messages that are held are "
        "not acked, and what the stream holds is recorded again",
        stream.name, consumer.durable, state_.held->size());
    state_.held->abandon();
  }
  signal_after_ = ConsumerCheck::progress_interval(consumer);
  letters_.allow(check_.most_dead_letters(consumer));
  if (state_.options.until_drained && state_.opening()) {
    state_.counters->stream_begin.set(stream.first_sequence);
    state_.counters->to_replay.set(range_.aim(stream, consumer));
  }
}

// For whoever looks at /metrics, and to notice what the stream has dropped.
asio::awaitable<void> PullSource::watch() {
  while (!state_.closed()) {
    const auto next = Clock::now() + watch_every;
    try {
      if (bound()) co_await observe();
      if (bound()) co_await look_at_dead_letters();
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
