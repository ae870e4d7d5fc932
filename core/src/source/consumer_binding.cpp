#include "source/consumer_binding.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "async/backoff.hpp"
#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "nats/subjects.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto create_again_after = 2s;
constexpr auto looks_again_after = 5000ms;

}  // namespace

ConsumerBinding::ConsumerBinding(const NatsConfig& nats, SourceState& source, ConsumerCheck& check,
                                 ReplayRange& range, PendingDeadLetters& letters)
    : source_{source},
      check_{check},
      range_{range},
      letters_{letters},
      stream_{source.options.source.stream,
              stream_subject(source.options.source.stream, source.options.source.filter_subject)},
      consumer_{source.options.source.durable, source.options.source.filter_subject} {
  stream_.replicas = nats.replicas;
  stream_.max_age = nats.max_age;
  consumer_.credit = source.held->credit().most().messages;
  consumer_.start = source.options.replay;
}

void ConsumerBinding::unbind() noexcept {
  if (bound()) binding_ = Binding::unbound;
  source_.held->outbox().shut();
}

bool ConsumerBinding::begin() noexcept {
  unbind();
  if (binding_ != Binding::unbound) return false;
  binding_ = Binding::verifying;
  return true;
}

// A connection that is lost meanwhile is a failure like any other.
asio::awaitable<bool> ConsumerBinding::bind() {
  const Link& link = *source_.link;
  Backoff wait;
  std::string last;
  while (!source_.stopping() && binding_ == Binding::verifying) {
    std::string problem;
    try {
      co_await source_.link->wait_connected(Clock::now() + looks_again_after);
      const auto connection = link.connections();
      if (link.connected()) co_await ask();
      if (link.connected() && connection == link.connections() && !source_.stopping()) {
        binding_ = Binding::bound;
      }
    } catch (const ConfigError& error) {
      // A service that has not begun yet fails; one that runs waits for somebody to repair it.
      if (source_.opening()) {
        binding_ = Binding::failed;
        throw;
      }
      problem = error.what();
    } catch (const DeniedError& error) {
      // A host waits until somebody lets it; whoever gave a command wants to know.
      if (source_.opening() && source_.options.replay) {
        binding_ = Binding::failed;
        throw;
      }
      problem = error.what();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    // One that is not connected has said why.
    if (bound() || (!problem.empty() && link.connected())) source_.counters->obstacle.set(problem);
    if (!problem.empty()) {
      if (problem != last) source_.log.warning("{}; trying again", problem);
      last = std::move(problem);
      co_await source_.changes.wait_until(Clock::now() + wait.next());
    }
  }
  if (binding_ == Binding::verifying) binding_ = Binding::unbound;
  co_return bound();
}

asio::awaitable<void> ConsumerBinding::ask() {
  // A server that is still deleting would delete what is created meanwhile, and somebody who
  // deletes a stream may want to create it himself.
  const auto now = Clock::now();
  const bool gone_for_good = absent_since_ && now - *absent_since_ > create_again_after;
  try {
    co_await ask(source_.opening() || gone_for_good ? WhenAbsent::create : WhenAbsent::fail);
    absent_since_.reset();
  } catch (const AbsentError& error) {
    if (source_.options.replay && source_.opening()) throw ConfigError{error.what()};
    if (!absent_since_) absent_since_ = now;
    throw;
  }
}

asio::awaitable<void> ConsumerBinding::ask(WhenAbsent when_absent) {
  Link& link = *source_.link;
  const PullOptions& options = source_.options;
  const auto began = Clock::now();
  check_source_names(options.source);
  if (stream_.subject.empty()) {
    throw ConfigError{fmt::format("stream {}: filter_subject is empty", stream_.name)};
  }
  // A replay of a stream that is not there is a mistake.
  StreamInfo stream =
      co_await ensure_stream(link, stream_, options.replay ? WhenAbsent::fail : when_absent);
  check_.stream(stream);
  ConsumerInfo consumer = co_await ensure_consumer(link, stream_.name, consumer_, when_absent);
  // Peers of a stream that was just created may not have been heard yet.
  if (stream.has_quorum) link.judge_round(true, began);
  // What was published between the two answers is in the second only.
  if (consumer.delivered_sequence > stream.last_sequence) {
    stream = co_await ensure_stream(link, stream_, when_absent);
  }
  if (check_.rolled_back(stream, consumer)) {
    source_.counters->rolled_back.add();
    source_.log.error(
        "stream {} ends at {}, and consumer {} has been given {}: the server lost the end of the "
        "stream; the consumer is made anew and every event of the stream recorded again, because "
        "a server before 2.14 would skip those that come next",
        stream.name, stream.last_sequence, consumer.durable, consumer.delivered_sequence);
    co_await delete_consumer(link, stream_.name, consumer_.durable);
    source_.held->abandon();
    consumer = co_await ensure_consumer(link, stream_.name, consumer_, WhenAbsent::create);
    check_.forget();
  }
  StreamInfo letters;
  if (options.dry_run) {
    if (!range_.has_end()) co_await aim_at_settled(stream);
  } else {
    letters = co_await letters_.ensure_stream(when_absent);
  }
  judge(stream, consumer, !options.dry_run && letters_.refusal().empty() ? &letters : nullptr);
  if (options.replay && !options.dry_run && source_.opening())
    co_await tell_what_is_gone(std::move(stream));
}

void ConsumerBinding::judge(const StreamInfo& stream, const ConsumerInfo& consumer,
                            const StreamInfo* letters) {
  check_.settings(stream, consumer, letters, source_.link->max_payload());
  if (check_.identify(stream, consumer) == ConsumerCheck::Seen::recreated) {
    source_.counters->incarnations.add();
    source_.log.error(
        "stream {} or its consumer {} was deleted and created again: {} messages that are held are "
        "not acked, and what the stream holds is recorded again",
        stream.name, consumer.durable, source_.held->size());
    source_.held->abandon();
  }
  progress_interval_ = ConsumerCheck::progress_interval(consumer);
  letters_.allow(check_.most_dead_letters(consumer));
  if (source_.options.until_drained && source_.opening()) {
    source_.counters->stream_begin.set(stream.first_sequence);
    source_.counters->to_replay.set(range_.aim(stream, consumer));
  }
}

asio::awaitable<void> ConsumerBinding::aim_at_settled(StreamInfo stream) {
  std::optional<ConsumerInfo> recording;
  try {
    recording = co_await consumer_info(*source_.link, stream.name, source_.recorder);
  } catch (const ConfigError&) {
    // Nobody has made it.
  }
  source_.counters->unsettled.set(range_.aim_at_settled(stream, recording));
}

asio::awaitable<void> ConsumerBinding::tell_what_is_gone(StreamInfo stream) {
  std::uint64_t stored = 0;
  if (source_.options.replay->since && stream.first_sequence > 1) {
    stored = co_await stored_after(*source_.link, stream.name, stream.first_sequence - 1, {});
  }
  const std::string missing = range_.missing(stream, stored);
  if (!missing.empty()) source_.log.warning("{}", missing);
}

asio::awaitable<void> ConsumerBinding::delete_own_consumer() {
  if (!bound() || !source_.options.replay) co_return;
  try {
    co_await delete_consumer(*source_.link, stream_.name, consumer_.durable);
  } catch (const Error& error) {
    source_.log.debug("{}", error.what());
  }
}

}  // namespace hangar
