#include "refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace hangar::recorder {
namespace {

using Clock = RefusedMessages::Clock;

// How often what was judged to go in may be refused all the same: by then it is COMMIT that fails.
constexpr std::size_t most_surprises = 3;

hangar::Duration retry_delay(std::size_t tries) {
  constexpr hangar::Duration least{100};
  constexpr hangar::Duration most{10'000};
  return std::min(most, least * (1U << std::min<std::size_t>(tries, 7)));
}

Timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Ends a trial, so that nothing of it stays.
struct Told : DataError {
  Told(Judgement its, const std::string& why) : DataError{"refused", why}, judgement{its} {}
  Judgement judgement;
};

}  // namespace

void Refusals::condemn(Message& message, Rejection why) {
  refused_.refuse(message, std::move(why), Clock::now()).condemned = true;
  message.give_back();
}

asio::awaitable<void> Refusals::answer(std::size_t lane, std::span<const EventPool::Event> events,
                                       Source& source) {
  // What the database does not take now of one event it does not of the next.
  bool judges = can_tell();
  bool asked = false;
  std::optional<decltype(Message{}.stored())> forced;
  for (const auto& event : events) {
    Message& message = event->message;
    if (const auto delay = next_try(*event)) {
      refused_.refuse(message, *event->refused, Clock::now());
      message.give_back(*delay);
      continue;
    }
    const Judgement its = judges ? co_await judged(lane, *event) : Judgement::database_at_fault;
    judges = judges && its != Judgement::database_at_fault;
    if (its == Judgement::database_at_fault && !asked && refused_.refusals(message) > 0) {
      forced = co_await source.forced();
      asked = true;
    }
    const bool decided = forced && message.stored() <= *forced;
    if (its == Judgement::event_at_fault || decided) {
      condemn(message, *event->refused);
    } else if (its == Judgement::accepted && refused_.refusals(message) < most_surprises) {
      refused_.refuse(message, *event->refused, Clock::now());
      message.give_back();
    } else {
      hold(*event);
    }
  }
  tell_of_held();
}

/// When an event is tried again that is not judged yet: its flow run may come, and what says
/// nothing of the event may pass.
std::optional<hangar::Duration> Refusals::next_try(const RetryableEvent& event) const {
  const std::size_t tries = refused_.refusals(event.message);
  if (event.refused->reason == orphan) {
    if (tries < orphan_retry_delays_.size()) return orphan_retry_delays_[tries];
  } else if (event.refused->reason == unknown && tries < max_persist_retries_) {
    return retry_delay(tries);
  }
  return std::nullopt;
}

asio::awaitable<Judgement> Refusals::judged(std::size_t lane, const RetryableEvent& event) {
  const auto accepted = accepted_;
  try {
    co_await context_.transact(lane, [&](Session& session) {
      throw Told{judge(session, *accepted, event.event, now()), event.refused->error};
    });
  } catch (const Told& told) {
    co_return told.judgement;
  }
  co_return Judgement::accepted;
}

void Refusals::hold(RetryableEvent& event) {
  auto& entry = refused_.refuse(event.message, *event.refused, Clock::now());
  entry.held = true;
  event.message.give_back(retry_delay(entry.refusals));
  if (std::exchange(holding_, true)) return;
  context_.log().error(
      "the database refuses an event, and nothing shows that it takes others: it is no dead letter "
      "for that, but held with all that are refused so, and tried again: {}; `hangar doctor` looks "
      "at the database, and where the events are at fault, `hangar dlq force` makes dead letters "
      "of them",
      event.refused->error);
}

void Refusals::tell_of_held() {
  if (!holding_) return;
  constexpr std::chrono::seconds patience{60};
  const auto present = Clock::now();
  const auto* longest = refused_.longest_held(present);
  if (longest == nullptr) {
    holding_ = false;
    context_.not_ready({});
    context_.log().info("the database takes again what it refused: nothing is held any more");
  } else if (present - longest->first >= patience) {
    context_.not_ready(fmt::format(
        "for more than {} s the database has refused events, and nothing shows that it takes "
        "others: {}; mend the database, or, where the events are at fault, `hangar dlq force`",
        patience.count(), longest->why.error));
  }
}

}  // namespace hangar::recorder
