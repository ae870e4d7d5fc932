#include "batch/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace hangar::batch {
namespace {

using Clock = RefusedMessages::Clock;

// How often what was judged to go in may be refused all the same: by then it is COMMIT that fails.
constexpr std::size_t most_surprises = 3;

Duration retry_delay(std::size_t tries) {
  constexpr Duration least{100};
  constexpr Duration most{10'000};
  return std::min(most, least * (1U << std::min<std::size_t>(tries, 7)));
}

// How often an item is found to take too long, while others do not, before it is a dead letter.
constexpr std::size_t slow_before = 2;

// A trial holds locks until its end.
constexpr std::size_t most_judged = 250;

/// Ends a trial, so that nothing of it stays.
struct Told : DataError {
  Told(std::vector<Judgement> of_each, const std::string& why)
      : DataError{"refused", why}, judgements{std::move(of_each)} {}
  std::vector<Judgement> judgements;
};

}  // namespace

void Refusals::learn_from(std::span<const detail::ItemPtr> items, const Written& written) {
  const auto keep = [&](std::size_t place) { proof_ = target_.proof(*items[place]); };
  // A large one is as good a proof, but takes memory for as long as it is the last.
  constexpr std::size_t small = 64U << 10U;
  if (written.new_rows && (items[*written.new_rows]->bytes <= small || !proof_)) {
    return keep(*written.new_rows);
  }
  if (proof_) return;
  // What is stored already went in once, and shows as much: a replay meets nothing else.
  const auto recorded = std::ranges::find_if(written.verdicts, &Verdict::recorded);
  if (recorded != written.verdicts.end()) {
    keep(static_cast<std::size_t>(recorded - written.verdicts.begin()));
  }
}

void Refusals::condemn(Message& message, Rejection why) {
  refused_.refuse(message, std::move(why), Clock::now()).condemned = true;
  message.nak();
}

asio::awaitable<void> Refusals::answer(std::size_t lane, std::span<const detail::ItemPtr> items,
                                       Source& source) {
  std::vector<detail::BatchItem*> due;
  for (const auto& item : items) {
    if (const auto delay = next_try(*item)) {
      nak_later(*item, *delay);
    } else if (item->at_fault) {
      condemn(item->message, *item->refused);
    } else {
      due.push_back(item.get());
    }
  }
  const std::vector<Judgement> judgements = co_await judged(lane, due);
  bool asked = false;
  std::optional<decltype(Message{}.stored())> forced;
  for (std::size_t i = 0; i < due.size(); ++i) {
    Message& message = due[i]->message;
    const Judgement its = judgements[i];
    if (its == Judgement::database_at_fault && !asked && refused_.refusals(message) > 0) {
      forced = co_await source.forced();
      asked = true;
    }
    const bool decided = forced && message.stored() <= *forced;
    const bool too_slow = due[i]->refused->reason == statement_timeout && !decided;
    if (its == Judgement::item_at_fault && too_slow && refused_.refusals(message) < slow_before) {
      nak_later(*due[i], retry_delay(refused_.refusals(message)));
    } else if (its == Judgement::item_at_fault || decided) {
      condemn(message, *due[i]->refused);
    } else if (its == Judgement::accepted && refused_.refusals(message) < most_surprises) {
      refused_.refuse(message, *due[i]->refused, Clock::now());
      message.nak();
    } else {
      hold(*due[i]);
    }
  }
  tell_of_held();
}

void Refusals::nak_later(detail::BatchItem& item, Duration delay) {
  constexpr std::chrono::minutes often_enough{1};
  const auto present = Clock::now();
  if (item.refused->reason == locked &&
      (!told_of_locked_ || present - *told_of_locked_ >= often_enough)) {
    told_of_locked_ = present;
    context_.log().warning(
        "{}; the events of what is locked wait and are tried again, others are recorded meanwhile",
        item.refused->error);
  }
  refused_.refuse(item.message, *item.refused, present);
  item.message.nak(delay);
}

/// When an item is tried again that is not judged yet: the row that it refers to may come, and what
/// says nothing of the item may pass.
std::optional<Duration> Refusals::next_try(const detail::BatchItem& item) const {
  const std::size_t tries = refused_.refusals(item.message);
  if (item.orphan) {
    if (tries < limits_.orphan_retry_delays.size()) return limits_.orphan_retry_delays[tries];
  } else if (item.refused->reason == locked ||
             (item.refused->reason == unknown && tries < limits_.retries_alone)) {
    return retry_delay(tries);
  }
  return std::nullopt;
}

asio::awaitable<std::vector<Judgement>> Refusals::judged(std::size_t lane,
                                                         std::vector<detail::BatchItem*> items) {
  const auto proof = proof_;
  std::vector<Judgement> all(items.size(), Judgement::database_at_fault);
  for (std::size_t first = 0; proof && first < items.size(); first += most_judged) {
    std::vector<const detail::BatchItem*> some;
    const std::size_t last = std::min(first + most_judged, items.size());
    for (std::size_t i = first; i < last; ++i) some.push_back(items[i]);
    std::vector<Judgement> told(some.size(), Judgement::accepted);
    try {
      co_await context_.transact(lane, [&](Session& session) {
        throw Told{judge(session, *proof, some, target_), items[first]->refused->error};
      });
    } catch (const Told& its) {
      told = its.judgements;
    }
    std::ranges::copy(told, all.begin() + static_cast<std::ptrdiff_t>(first));
    // What the database does not take now of one item it does not of the next.
    if (told.front() == Judgement::database_at_fault) break;
  }
  co_return all;
}

void Refusals::hold(detail::BatchItem& item) {
  auto& entry = refused_.refuse(item.message, *item.refused, Clock::now());
  entry.held = true;
  item.message.nak(retry_delay(entry.refusals));
  if (std::exchange(holding_, true)) return;
  context_.log().error(
      "the database refuses an event, and nothing shows that it takes others: it is no dead letter "
      "for that, but held with all that are refused so, and tried again: {}; `hangar doctor` looks "
      "at the database, and where the events are at fault, `hangar dlq force` makes dead letters "
      "of them",
      item.refused->error);
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

}  // namespace hangar::batch
