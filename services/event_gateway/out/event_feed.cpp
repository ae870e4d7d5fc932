#include "out/event_feed.hpp"

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
// For a persister that is behind, and for one that nothing is known of.
constexpr auto behind_within = 30s;
constexpr auto known_within = 3s;
constexpr auto looks_every = 250ms;

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
    : host_{host}, reader_{config.limits()}, history_{most_history} {
  const auto counter = [&](const char* outcome) {
    return host.metrics().counter("hangar_gateway_subscribers_total",
                                  "Clients that subscribed to events, by what became of them",
                                  {{"outcome", outcome}});
  };
  joined_ = counter("joined");
  joined_late_ = counter("gap");
  slow_ = counter("slow");
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
  // As Prefect's distributor, which passes over what it did not publish.
  if (message.data().empty() || !message.header("Prefect-Attributes")) return;
  history_.add(message.sequence(), message.data());
  if (subscribers_.size() > 0) offer(message.data());
}

void EventFeed::offer(std::string_view data) {
  try {
    const SeenEvent& event = reader_.read(data);
    const auto& wanted_by = subscribers_.who_want(event);
    if (wanted_by.empty()) return;
    const auto frame = frame_of(event);
    for (Subscriber* subscriber : wanted_by) subscriber->offer(frame);
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

asio::awaitable<std::optional<ConsumerPosition>> EventFeed::position() {
  try {
    co_return co_await host_.consumer(persister).info();
  } catch (const TransientError& error) {
    host_.log().debug("{}", error.what());
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<std::uint64_t>> EventFeed::stored_up_to(
    const Subscriber& subscriber) {
  const auto start = Clock::now();
  while (!subscriber.ended()) {
    const auto found = co_await position();
    if (found) {
      const bool all = found->pending == 0 && found->ack_pending == 0;
      if (all || history_.covers(found->ack_floor)) co_return found->ack_floor;
    }
    if (Clock::now() - start > (found ? behind_within : known_within)) break;
    const bool stops = co_await host_.stopped_within(looks_every);
    if (stops) break;
  }
  co_return std::nullopt;
}

asio::awaitable<void> EventFeed::join_behind_stored(Subscriber& subscriber) {
  const auto stored = co_await stored_up_to(subscriber);
  if (subscriber.ended()) co_return join(subscriber);
  if (!stored && !host_.stopping()) {
    joined_late_(1);
    host_.log().warning(
        "a subscriber may miss events: how far {} is cannot be told, or it is too far behind",
        persister);
  }
  // What was before is chosen as if it was read from the database. Nobody waits between this and
  // the end, so that nothing goes by.
  const EventFilter& filter = subscriber.filter();
  history_.each_behind(stored.value_or(0), [&](std::string_view data) {
    try {
      const SeenEvent& event = reader_.read(data);
      const std::string_view searched = filter.text ? event.searched() : std::string_view{};
      if (selects(filter, event, searched)) subscriber.offer(frame_of(event));
    } catch (const DataError& error) {
      host_.log().debug("what went by is no event: {}", error.what());
    }
  });
  join(subscriber);
}

}  // namespace hangar::gateway
