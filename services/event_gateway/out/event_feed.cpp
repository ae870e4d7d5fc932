#include "out/event_feed.hpp"

#include <algorithm>
#include <chrono>

#include "hangar/error.hpp"
#include "out/matching.hpp"
#include "prefect/present.hpp"
#include "prefect/published_event.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_history = 32U << 20U;
constexpr std::size_t most_messages = 256;
// For a persister that is behind, which most often is for a moment, and for one that nothing is
// known of.
constexpr auto behind_within = 1s;
constexpr auto known_within = 3s;
constexpr auto looks_every = 250ms;
// Each has a connection and the memory of a source; one that reads slowly makes room for the next.
constexpr std::size_t most_rereaders = 2;
constexpr auto rereads_for = 5s;
// Of messages that nobody has stored; a new subscriber does not get more of them.
constexpr std::uint64_t most_unstored = 1'000'000;

// As Prefect's distributor, which passes over what it did not publish.
bool is_published(const Message& message) {
  return !message.data().empty() && message.header("Prefect-Attributes");
}

}  // namespace

std::shared_ptr<const EventFrame> frame_of(const SeenEvent& event) {
  auto frame = std::make_shared<EventFrame>();
  frame->id = event.id();
  frame->text = R"({"type":"event","event":)";
  const prefect::ZonedTime received =
      event.received().received.value_or(prefect::ZonedTime::utc(prefect::present()));
  prefect::append_event(frame->text, event.received(), received);
  frame->text += '}';
  return frame;
}

EventFeed::EventFeed(Context& host, const GatewayConfig& config)
    : host_{host},
      reader_{config.limits()},
      history_{most_history},
      transactions_{1},
      rereaders_{most_rereaders} {
  const auto counter = [&](const char* outcome) {
    return host.metrics().counter("hangar_gateway_subscribers_total",
                                  "Clients that subscribed to events, by what became of them",
                                  {{"outcome", outcome}});
  };
  joined_ = counter("joined");
  joined_late_ = counter("gap");
  slow_ = counter("slow");
  costly_ = counter("costly");
}

asio::awaitable<void> EventFeed::run() {
  Source& live = host_.source(source);
  while (true) {
    Batch batch = co_await live.next(most_messages, 0ms);
    if (batch.empty()) co_return;
    for (const Message& message : batch) take(message);
    batch.ack();
  }
}

void EventFeed::take(const Message& message) {
  if (!is_published(message)) return;
  history_.add(message.sequence(), message.data());
  if (subscribers_.size() > 0) offer(message);
}

void EventFeed::offer(const Message& message) {
  try {
    const SeenEvent& event = reader_.read(message.data());
    const auto& wanted_by = subscribers_.who_want(event);
    if (wanted_by.empty()) return;
    const auto frame = frame_of(event);
    for (Subscriber* subscriber : wanted_by) {
      if (!subscriber->has_had(message.sequence(), message.stored())) subscriber->offer(frame);
    }
  } catch (const DataError& error) {
    host_.log().debug("what goes by is no event: {}", error.what());
  }
}

void EventFeed::join(Subscriber& subscriber) {
  subscribers_.add(subscriber);
  joined_(1);
}

void EventFeed::leave(Subscriber& subscriber) {
  subscribers_.remove(subscriber);
  if (subscriber.slow()) slow_(1);
}

void EventFeed::tell_costly() {
  costly_(1);
  host_.log().warning(
      "a subscriber is closed: its filter takes more than {} steps to decide about one event",
      MatchSteps::most);
}

asio::awaitable<std::optional<ConsumerPosition>> EventFeed::position() {
  try {
    co_return co_await host_.consumer(persister).info();
  } catch (const TransientError& error) {
    host_.log().debug("{}", error.what());
  }
  co_return std::nullopt;
}

asio::awaitable<bool> EventFeed::transact(Subscriber& subscriber, Callable<void(Session&)> work) {
  const Turns::Turn turn = co_await transactions_.take(subscriber);
  if (!turn || subscriber.ended() || host_.stopping()) co_return false;
  co_await host_.transact(0, std::move(work));
  co_return true;
}

asio::awaitable<std::optional<std::uint64_t>> EventFeed::stored_up_to(Subscriber& subscriber) {
  const auto start = Clock::now();
  const char* why = "how far that is cannot be told";
  while (!subscriber.ended()) {
    const auto found = co_await position();
    if (found) {
      const std::uint64_t stored = found->ack_floor;
      const std::uint64_t behind = found->pending + found->ack_pending;
      if (behind == 0) history_.nothing_before(stored);
      if (history_.covers(stored)) co_return stored;
      if (Clock::now() - start > behind_within) {
        if (behind <= most_unstored) co_return stored;
        why = "that is too far behind";
        break;
      }
    } else if (Clock::now() - start > known_within) {
      break;
    }
    const bool stops = co_await host_.stopped_within(looks_every);
    if (stops) break;
  }
  if (!subscriber.ended() && !host_.stopping()) {
    joined_late_(1);
    host_.log().warning("a subscriber may miss events that {} has not stored: {}", persister, why);
  }
  co_return std::nullopt;
}

std::shared_ptr<const EventFrame> EventFeed::selected(Subscriber& subscriber,
                                                      std::string_view data) {
  const EventFilter& filter = subscriber.filter();
  try {
    const SeenEvent& event = reader_.read(data);
    const std::string_view searched = filter.text ? event.searched() : std::string_view{};
    if (selects(filter, event, searched)) return frame_of(event);
  } catch (const DataError& error) {
    host_.log().debug("what went by is no event: {}", error.what());
  } catch (const TooManySteps&) {
    subscriber.end_costly();
  }
  return nullptr;
}

asio::awaitable<std::uint64_t> EventFeed::reread(
    Subscriber& subscriber, std::uint64_t position,
    Callable<asio::awaitable<void>(std::shared_ptr<const EventFrame>)> send) {
  const Turns::Turn turn = co_await rereaders_.take(subscriber);
  if (!turn) co_return position;
  const auto end = Clock::now() + rereads_for;
  const auto kept_behind = history_.begin();
  const auto visit = [&](const Message& message) -> asio::awaitable<bool> {
    position = message.sequence();
    subscriber.had_up_to(position, message.stored());
    if (is_published(message)) {
      auto frame = selected(subscriber, message.data());
      if (frame) co_await send(std::move(frame));
    }
    co_return !subscriber.ended() && !history_.covers(position) && Clock::now() < end;
  };
  const bool whole = co_await host_.reread(source, position + 1, visit);
  if (!whole) co_return position;
  history_.nothing_before(position);
  // What is kept was in the stream, so that nothing is before it which was not read now.
  co_return std::max(position, kept_behind.value_or(position));
}

}  // namespace hangar::gateway
