// How a PullSession stores dead letters.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hangar/failpoint.hpp"
#include "nats/dead_letter.hpp"
#include "nats/jetstream.hpp"
#include "nats/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto first_retry = 250ms;
constexpr auto longest_retry = 5000ms;
constexpr auto repeat_warning_after = 30s;

}  // namespace

asio::awaitable<void> PullSession::reject(Message message, Rejection why) {
  const auto self = shared_from_this();
  std::chrono::milliseconds wait = first_retry;
  for (;;) {
    // Gone when its stream was deleted: then there is nothing to answer for.
    const auto found = held_.find(message.sequence());
    if (found == held_.end() || !found->second->handed_out_as(message)) co_return;
    HeldMessage& held = *found->second;
    failpoint(Failpoint::before_dead_letter);
    const bool stored = co_await store_dead_letter(held, why);
    if (stored) failpoint(Failpoint::after_dead_letter);
    if (stored && !held.closed()) {
      counters_->rejected.add();
      answer(held, held.release(), "+ACK");
    }
    if (stored || stopping_) co_return;  // what has no answer goes back to the stream
    co_await changes_.wait_until(Clock::now() + wait);
    wait = std::min<std::chrono::milliseconds>(wait * 2, longest_retry);
  }
}

asio::awaitable<bool> PullSession::store_dead_letter(const HeldMessage& held, Rejection why) {
  DeadLetterOrigin origin{.service = options_.service,
                          .stream = options_.source.stream,
                          .stream_created = incarnation_.stream_created,
                          .subject = std::string{held.subject()},
                          .sequence = held.sequence(),
                          .deliveries = held.deliveries(),
                          .rejected = std::chrono::system_clock::now()};
  DeadLetterParts parts =
      dead_letter(origin, why, held.headers(), held.body(), link_->max_payload());
  const Link::Reply reply = co_await link_->request(
      dead_letter_subject(options_.service), std::move(parts.body), std::move(parts.headers));
  std::string problem = "nobody stores messages on its subject";
  switch (reply.fate) {
    case Link::Reply::Fate::disconnected:
      co_return false;
    case Link::Reply::Fate::timed_out:
      problem = fmt::format("no answer within 5 s {}", link_->last_trouble());
      break;
    case Link::Reply::Fate::no_responders:
      begin_verification();  // which creates the stream again
      break;
    case Link::Reply::Fate::answered:
      const JetStreamAnswer answer = parse_jetstream_answer(body_of(*reply.message));
      if (answer.ok() && answer.body.contains("seq")) co_return true;
      problem = answer.description;
      break;
  }
  if (Clock::now() - last_dead_letter_warning_ > repeat_warning_after) {
    last_dead_letter_warning_ = Clock::now();
    log_.warning(
        "stream {}: cannot store a dead letter of {}: {}; trying again, and its event "
        "stays in stream {}",
        dead_letter_stream, options_.service, problem, options_.source.stream);
  }
  co_return false;
}

}  // namespace hangar
