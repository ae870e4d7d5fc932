// How a PullSource stores dead letters.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "dead_letters/dead_letter.hpp"
#include "hangar/error.hpp"
#include "hangar/failpoint.hpp"
#include "jetstream/jetstream.hpp"
#include "source/pull_source.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto first_retry = 250ms;
constexpr auto longest_retry = 5000ms;
constexpr double nearly_full = 0.8;

}  // namespace

asio::awaitable<void> PullSource::reject(Message message, Rejection why) {
  const auto self = shared_from_this();
  const std::uint64_t bytes = message.data().size();
  letters_.queue();
  while (!state_.stopping() && !letters_.has_room(bytes)) {
    count_letters();
    co_await letter_ended_.wait_until(Waiters::Time::max());
  }
  letters_.leave_queue();
  letters_.add(bytes);
  count_letters();
  asio::co_spawn(executor_, store_until_stored(std::move(message), std::move(why)),
                 [self, bytes](const std::exception_ptr&) {
                   self->letters_.remove(bytes);
                   self->count_letters();
                   self->letter_ended_.wake_all();
                 });
}

asio::awaitable<void> PullSource::store_until_stored(Message message, Rejection why) {
  const auto self = shared_from_this();
  std::chrono::milliseconds wait = first_retry;
  for (;;) {
    // Gone when its stream was deleted: then there is nothing to answer for.
    HeldMessage* const held = state_.held->find(message);
    if (held == nullptr) co_return;
    if (state_.options.look) {
      state_.held->reject(*held);
      co_return;
    }
    failpoint(Failpoint::before_dead_letter);
    const bool stored = co_await store_dead_letter(*held, why);
    if (stored) failpoint(Failpoint::after_dead_letter);
    if (stored && !held->closed()) {
      tell_of_letter(*held, why);
      state_.held->reject(*held);
    }
    if (stored || state_.stopping()) co_return;  // what has no answer goes back to the stream
    co_await state_.changes.wait_until(Clock::now() + wait);
    wait = std::min<std::chrono::milliseconds>(wait * 2, longest_retry);
  }
}

asio::awaitable<bool> PullSource::store_dead_letter(const HeldMessage& held, Rejection why) {
  DeadLetterOrigin origin{.service = state_.options.service,
                          .stream = state_.options.source.stream,
                          .stream_created = check_.incarnation().stream_created,
                          .subject = std::string{held.subject()},
                          .sequence = held.sequence(),
                          .deliveries = held.deliveries(),
                          .rejected = std::chrono::system_clock::now()};
  std::string problem;
  do {
    DeadLetterParts parts =
        dead_letter(origin, why, held.headers(), held.body(), state_.link->max_payload());
    const Link::Reply reply =
        co_await state_.link->request(dead_letter_subject(state_.options.service),
                                      std::move(parts.body), std::move(parts.headers));
    if (reply.fate == Link::Reply::Fate::disconnected) co_return false;
    const LetterReceipt receipt = co_await receipt_of(reply);
    if (receipt.stored) {
      letters_.attempted(true);
      count_letters();
      co_return true;
    }
    problem = receipt.problem;
    origin.after = receipt.gone;
    if (problem.empty() && state_.stopping()) co_return false;
  } while (problem.empty());
  letters_.attempted(false);
  count_letters();
  if (const auto left_out = seldom_.told("cannot store", Clock::now())) {
    state_.log.warning(
        "stream {}: cannot store a dead letter of {}: {}; trying again, and its event stays in "
        "stream {} ({} more failures since this was said last)",
        dead_letter_stream, state_.options.service, problem, state_.options.source.stream,
        *left_out);
  }
  co_return false;
}

asio::awaitable<std::optional<ForceMark>> PullSource::forced() {
  const auto self = shared_from_this();
  if (state_.options.look) co_return std::nullopt;
  co_return co_await read_force_mark(*state_.link, state_.options.service);
}

// The server remembers the id of a letter that was purged, and would not store it again.
asio::awaitable<PullSource::LetterReceipt> PullSource::receipt_of(const Link::Reply& reply) {
  LetterReceipt receipt;
  if (reply.fate == Link::Reply::Fate::timed_out) {
    receipt.problem = fmt::format("no answer within 5 s {}", state_.link->last_trouble());
  } else if (reply.fate == Link::Reply::Fate::denied) {
    receipt.problem = reply.why;
  } else if (reply.fate == Link::Reply::Fate::no_responders) {
    receipt.problem = "nobody stores messages on its subject";
    if (letters_refused_.empty()) {
      begin_verification();  // which creates the stream again
    } else {
      receipt.problem = letters_refused_;
    }
  } else {
    const JetStreamAnswer answer = parse_jetstream_answer(body_of(*reply.message));
    const auto* sequence = answer.body.if_contains("seq");
    if (!answer.ok() || sequence == nullptr) {
      receipt.problem = refusal_text(answer, dead_letter_stream);
      co_return receipt;
    }
    const auto* duplicate = answer.body.if_contains("duplicate");
    receipt.stored = duplicate == nullptr || !duplicate->is_bool() || !duplicate->as_bool();
    if (receipt.stored) co_return receipt;
    try {
      json::object earlier{{"seq", *sequence}};
      const JetStreamAnswer found = co_await call_jetstream(
          *state_.link, fmt::format("STREAM.MSG.GET.{}", dead_letter_stream), std::move(earlier));
      receipt.stored = found.ok();
      receipt.gone = sequence->to_number<std::uint64_t>();
      if (!found.ok() && !found.not_found()) {
        receipt.problem = refusal_text(found, dead_letter_stream);
      }
    } catch (const Error& error) {
      receipt.problem = error.what();
    }
  }
  co_return receipt;
}

void PullSource::tell_of_letter(const HeldMessage& held, const Rejection& why) {
  const auto left_out = seldom_.told(why.reason, Clock::now());
  if (!left_out) return;
  state_.log.warning(
      "stream {}: event {} cannot be recorded and is a dead letter now: {}: {} ({} more of this "
      "reason since this was said last); see `hangar dlq ls`",
      state_.options.source.stream, held.sequence(), why.reason, why.error, *left_out);
}

void PullSource::count_letters() {
  state_.counters->letters.set(letters_.waiting());
  state_.counters->letters_stuck.set(letters_.stuck() ? 1 : 0);
}

// Without such a stream events can be recorded all the same.
asio::awaitable<StreamFacts> PullSource::look_at_letter_stream(WhenAbsent when_absent) {
  StreamSpec spec = letter_spec_;
  if (!letters_refused_.empty()) when_absent = WhenAbsent::create;  // nobody deleted it
  DeadLetterStream letters =
      co_await ensure_dead_letter_stream(*state_.link, std::move(spec), when_absent);
  if (letters.refusal != letters_refused_) {
    if (letters.refusal.empty()) {
      state_.log.info("stream {} is there now", dead_letter_stream);
    } else {
      state_.log.warning(
          "{}; trying again, and what cannot be recorded waits in its stream meanwhile",
          letters.refusal);
    }
  }
  letters_refused_ = std::move(letters.refusal);
  state_.counters->letters_refused.set(letters_refused_.empty() ? 0 : 1);
  co_return std::move(letters.facts);
}

asio::awaitable<void> PullSource::look_at_dead_letters() {
  if (!letters_refused_.empty()) co_await look_at_letter_stream(WhenAbsent::create);
  if (!letters_refused_.empty()) co_return;
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
