#include "source/pending_dead_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "async/backoff.hpp"
#include "dead_letters/dead_letter.hpp"
#include "hangar/error.hpp"
#include "hangar/failpoint.hpp"
#include "jetstream/jetstream.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

}  // namespace

LetterReceipt receipt_of(const Link::Reply& reply, std::string_view trouble, bool embedded) {
  using Fate = Link::Reply::Fate;
  LetterReceipt receipt;
  if (reply.fate == Fate::timed_out) {
    receipt.problem = fmt::format("no answer within 5 s {}", trouble);
  } else if (reply.fate == Fate::denied) {
    receipt.problem = reply.why;
  } else if (reply.fate == Fate::no_responders) {
    receipt.problem =
        "nobody stores messages on its subject: Hangar makes the stream anew, or says why it "
        "cannot";
  } else if (reply.fate == Fate::disconnected) {
    receipt.problem = "the connection was lost";
  } else {
    JetStreamAnswer answer = parse_jetstream_answer(body_of(*reply.message));
    answer.embedded = embedded;
    const auto stored = pub_ack(answer);
    if (!stored) {
      receipt.problem = refusal_text(answer, dead_letter_stream);
      if (answer.error_code == jetstream_error::stream_full)
        receipt.problem += "; `hangar dlq export`, then `hangar dlq purge` make room for others";
    } else if (stored->duplicate) {
      receipt.earlier = stored->sequence;
    } else {
      receipt.stored = true;
    }
  }
  return receipt;
}

PendingDeadLetters::PendingDeadLetters(const asio::any_io_executor& executor,
                                       const NatsConfig& nats, SourceState& source,
                                       const ConsumerCheck& check,
                                       std::function<void()> stream_gone)
    : source_{source},
      check_{check},
      stream_gone_{std::move(stream_gone)},
      wanted_{dead_letter_config(nats)},
      quota_{source.held->credit().most().messages / 2, source.batch_bytes},
      removed_{executor} {}

asio::awaitable<void> PendingDeadLetters::add(std::uint64_t bytes) {
  quota_.queue();
  while (!source_.stopping() && !quota_.has_room(bytes)) {
    count();
    co_await removed_.wait();
  }
  quota_.leave_queue();
  quota_.add(bytes);
  count();
}

void PendingDeadLetters::remove(std::uint64_t bytes) {
  quota_.remove(bytes);
  if (quota_.waiting() == 0) largest_left_ = 0;
  count();
  removed_.wake_all();
}

asio::awaitable<void> PendingDeadLetters::wait_until_none(Condition::Time deadline) {
  while (quota_.waiting() > 0 && Clock::now() < deadline) co_await removed_.wait_until(deadline);
}

asio::awaitable<void> PendingDeadLetters::store(Message message, Rejection why) {
  Backoff wait;
  for (;;) {
    // Gone when its stream was deleted: then there is nothing to answer for.
    HeldMessage* const held = source_.held->find(message);
    if (held == nullptr) co_return;
    if (source_.options.dry_run) {
      source_.held->reject(*held);
      co_return;
    }
    failpoint(Failpoint::before_dead_letter);
    const bool stored = co_await try_to_store(*held, why);
    if (stored) failpoint(Failpoint::after_dead_letter);
    if (stored && !held->closed()) {
      tell(*held, why);
      source_.held->reject(*held);
    }
    if (stored || source_.stopping()) co_return;  // what has no answer goes back to the stream
    co_await source_.changes.wait_until(Clock::now() + wait.next());
  }
}

asio::awaitable<bool> PendingDeadLetters::try_to_store(const HeldMessage& held, Rejection why) {
  DeadLetterOrigin origin{.service = source_.options.service,
                          .stream = source_.options.source.stream,
                          .stream_created = check_.incarnation().stream_created,
                          .subject = std::string{held.subject()},
                          .sequence = held.sequence(),
                          .deliveries = held.deliveries(),
                          .rejected = std::chrono::system_clock::now()};
  std::string problem = must_not_use_ ? refusal_ : "";
  std::uint64_t size = 0;
  while (problem.empty()) {
    DeadLetterParts parts =
        dead_letter(origin, why, held.headers(), held.body(), source_.link->max_payload());
    size = wire_size(parts.headers) + parts.body.size();
    const Link::Reply reply =
        co_await source_.link->request(dead_letter_subject(source_.options.service),
                                       std::move(parts.body), std::move(parts.headers));
    if (reply.fate == Link::Reply::Fate::disconnected) co_return false;
    LetterReceipt receipt =
        receipt_of(reply, source_.link->last_trouble(), source_.link->embedded());
    if (reply.fate == Link::Reply::Fate::no_responders) {
      if (refusal_.empty()) {
        stream_gone_();
      } else {
        receipt.problem = refusal_;
      }
    }
    if (receipt.earlier > 0) co_await look_for_earlier(receipt);
    if (receipt.stored) {
      attempted({});
      co_return true;
    }
    problem = receipt.problem;
    origin.after = receipt.earlier;
    if (problem.empty() && source_.stopping()) co_return false;
  }
  largest_left_ = std::max(largest_left_, size);
  attempted(problem);
  if (const auto left_out = seldom_.told("cannot store", Clock::now())) {
    source_.log.warning(
        "stream {}: cannot store a dead letter of {}: {}; trying again, and its event stays in "
        "stream {}{}",
        dead_letter_stream, source_.options.service, problem, source_.options.source.stream,
        since_said(*left_out, "failures"));
  }
  co_return false;
}

// The server remembers the id of a letter that was purged, and would not store it again.
asio::awaitable<void> PendingDeadLetters::look_for_earlier(LetterReceipt& receipt) {
  try {
    json::object earlier{{"seq", receipt.earlier}};
    const JetStreamAnswer found = co_await call_jetstream(
        *source_.link, fmt::format("STREAM.MSG.GET.{}", dead_letter_stream), std::move(earlier));
    receipt.stored = found.ok();
    if (!found.ok() && !found.not_found()) {
      receipt.problem = refusal_text(found, dead_letter_stream);
    }
  } catch (const Error& error) {
    receipt.problem = error.what();
  }
}

void PendingDeadLetters::attempted(std::string problem) {
  problem_ = std::move(problem);
  quota_.attempted(problem_.empty());
  count();
}

void PendingDeadLetters::tell(const HeldMessage& held, const Rejection& why) {
  const auto left_out = seldom_.told(why.reason, Clock::now());
  if (!left_out) return;
  source_.log.warning(
      "stream {}: event {} cannot be recorded and is a dead letter now: {}: {}{}; see `hangar dlq "
      "ls`",
      source_.options.source.stream, held.sequence(), why.reason, why.error,
      since_said(*left_out, "of this reason"));
}

void PendingDeadLetters::count() {
  source_.counters->letters.set(quota_.waiting());
  source_.counters->letters_stuck.set(quota_.stuck() ? 1 : 0);
  source_.counters->letters_refused.set(refusal_.empty() ? 0 : 1);
  source_.counters->letters_obstacle.set(refusal_.empty() ? problem_ : refusal_);
}

asio::awaitable<StreamInfo> PendingDeadLetters::ensure_stream(WhenAbsent when_absent) {
  StreamConfig wanted = wanted_;
  if (!refusal_.empty()) when_absent = WhenAbsent::create;  // nobody deleted it
  DeadLetterStream letters =
      co_await ensure_dead_letter_stream(*source_.link, std::move(wanted), when_absent);
  has_stream_ = !letters.info.name.empty();
  must_not_use_ = false;
  if (has_stream_) {
    see(letters.info);
  } else {
    refuse(std::move(letters.refusal));
  }
  co_return std::move(letters.info);
}

void PendingDeadLetters::see(const StreamInfo& stream) {
  std::string why = dead_letter_refusal(stream, source_.link->max_payload());
  must_not_use_ = !why.empty();
  if (const auto room = room_for_a_letter(stream); why.empty() && largest_left_ > room) {
    why = fmt::format(
        "stream {} takes no dead letter over {} bytes, and one has {}: nats stream edit {} "
        "--max-msg-size=-1 --max-bytes=256MiB",
        stream.name, room, largest_left_, stream.name);
  }
  refuse(std::move(why));
}

void PendingDeadLetters::refuse(std::string why) {
  if (why != refusal_) {
    if (why.empty()) {
      source_.log.info("stream {} takes dead letters now", dead_letter_stream);
    } else {
      source_.log.warning(
          "{}; trying again, and what cannot be recorded waits in its stream meanwhile", why);
    }
  }
  refusal_ = std::move(why);
  count();
}

}  // namespace hangar
