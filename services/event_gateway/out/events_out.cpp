#include "out/events_out.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory_resource>
#include <optional>
#include <string>
#include <utility>

#include "handshake.hpp"
#include "hangar/error.hpp"
#include "out/backfill.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/present.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using FrameKind = WebSocketFrame::Kind;
using ValueKind = prefect::JsonValue::Kind;

constexpr std::size_t most_waiting = 8U << 20U;
// Of stored events, which are kept while they are sent.
constexpr std::size_t most_of_a_page = 4U << 20U;
// Of events that the subscriber does not want; then others have their turn.
constexpr std::size_t looks_at_once = 32;

constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t internal_error = 1011;
constexpr std::uint16_t try_again_later = 1013;

}  // namespace

struct EventsOut::Request {
  bool dropped = false;  ///< The connection ends without a word.
  std::string refusal;   ///< A Close 1002 with this reason.
  EventFilter filter;
  bool backfill = true;
};

EventsOut::EventsOut(Context& host, const GatewayConfig& config, std::unique_ptr<WebSocket> socket,
                     std::shared_ptr<EventFeed> feed, bool speaks_prefect)
    : host_{host},
      config_{config},
      socket_{std::move(socket)},
      feed_{std::move(feed)},
      authenticated_{!speaks_prefect} {}

asio::awaitable<void> EventsOut::run() {
  const auto self = shared_from_this();
  while (auto frame = co_await socket_->read()) {
    if (frame->kind == FrameKind::ping) {
      co_await socket_->pong(std::move(frame->data));
    } else if (frame->kind == FrameKind::close) {
      if (!closing_) co_await socket_->close();
      break;
    } else if (!authenticated_) {
      authenticated_ = co_await authenticate(*socket_, *frame, config_.auth_string.reveal());
      if (!authenticated_) break;
    } else if (!subscriber_) {
      const bool subscribed = co_await subscribe(*frame);
      if (!subscribed) break;
    }
  }
  if (subscriber_) subscriber_->end();
}

EventsOut::Request EventsOut::request(const WebSocketFrame& frame) {
  enum Member : std::size_t { type, filter, backfill, count };
  static constexpr prefect::MemberNames<count> names{
      std::array<std::string_view, count>{"type", "filter", "backfill"}};
  Request made;
  made.dropped = true;
  if (frame.kind != FrameKind::text) return made;
  try {
    const prefect::JsonValue message = feed_->document().parse(frame.data);
    if (!message.is(ValueKind::object)) return made;
    const auto values = names.pick(message);
    if (!values[type]) return made;
    made.dropped = false;
    std::pmr::monotonic_buffer_resource memory;
    if (!values[type].is(ValueKind::string) || values[type].text(memory) != "filter") {
      made.refusal = "Expected 'filter' message";
      return made;
    }
    made.backfill = !values[backfill] || prefect::FieldReader::is_truthy(values[backfill]);
    if (!values[filter]) prefect::reject_missing(message, "filter");
    const Timestamp now = prefect::present();
    made.filter = feed_->filter(values[filter], now);
    const Timestamp earliest = now - config_.maximum_websocket_backfill;
    made.filter.since =
        std::max<EventFilter::Micros>(made.filter.since, earliest.time_since_epoch().count());
  } catch (const DataError& error) {
    if (!made.dropped) made.refusal = std::string{"Invalid filter: "} + error.what();
  }
  return made;
}

asio::awaitable<bool> EventsOut::subscribe(const WebSocketFrame& frame) {
  Request wanted = request(frame);
  if (!wanted.refusal.empty()) co_await close(protocol_error, wanted.refusal);
  if (wanted.dropped || !wanted.refusal.empty()) co_return false;
  subscriber_ =
      std::make_unique<Subscriber>(host_.executor(), std::move(wanted.filter), most_waiting);
  asio::co_spawn(
      host_.executor(),
      [self = shared_from_this(), backfill = wanted.backfill]() -> asio::awaitable<void> {
        co_await self->deliver(backfill);
      },
      asio::detached);
  co_return true;
}

asio::awaitable<void> EventsOut::deliver(bool backfill) {
  std::string failure;
  try {
    if (backfill) {
      co_await send_what_was();
    } else {
      join();
    }
    co_await send_live();
  } catch (const TransientError& error) {
    // The host stops, and says so to the client.
    host_.log().debug("{}", error.what());
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (joined_) feed_->leave(*subscriber_);
  if (!failure.empty()) {
    host_.log().warning("a subscriber is closed: {}", failure);
    co_await close(internal_error, "the events of before cannot be read");
  } else if (subscriber_->slow()) {
    co_await close(try_again_later, "more events wait than may");
  } else if (subscriber_->costly()) {
    feed_->tell_costly();
    co_await close(policy_violation, "the filter takes too long to decide about an event");
  }
}

void EventsOut::join() {
  feed_->join(*subscriber_);
  joined_ = true;
}

asio::awaitable<void> EventsOut::send_what_was() {
  // What is stored is asked for when the database answers: what came while it was away may be much.
  const Callable<void(Session&)> nothing = [](Session&) {};
  const bool answers = co_await feed_->transact(*subscriber_, nothing);
  if (!answers) co_return;
  const auto stored = co_await feed_->stored_up_to(*subscriber_);
  co_await send_stored();
  const auto position = stored ? stored : feed_->history().begin();
  if (position) {
    co_await send_unstored(*position);
  } else {
    join();
  }
}

asio::awaitable<void> EventsOut::send_stored() {
  Backfill backfill{subscriber_->filter(), config_.limits(),
                    static_cast<std::size_t>(config_.websocket_backfill_page_size), most_of_a_page};
  while (!backfill.done() && !subscriber_->ended()) {
    EventFrames frames;
    // Where the transaction is tried again, the page before this one stays.
    const Callable<void(Session&)> work = [&](Session& session) { backfill.next(session, frames); };
    try {
      const bool read = co_await feed_->transact(*subscriber_, work);
      if (!read) co_return;
    } catch (const TooLong&) {
      // Others have had their turn before this one asks again.
      backfill.ask_less();
    }
    for (const auto& frame : frames) {
      if (subscriber_->ended()) co_return;
      stored_.insert(frame->id);
      co_await socket_->write(frame->text);
    }
  }
  if (backfill.costly()) subscriber_->end_costly();
  if (backfill.cut()) {
    host_.log().warning("a subscriber gets only the first of {} stored events",
                        Backfill::most_rows);
  }
}

asio::awaitable<void> EventsOut::send_unstored(std::uint64_t position) {
  const auto send = [this](std::shared_ptr<const EventFrame> frame) {
    return send_once(std::move(frame));
  };
  for (std::size_t looked = 1; !subscriber_->ended() && !host_.stopping(); ++looked) {
    if (!feed_->history().covers(position)) {
      position = co_await feed_->reread(*subscriber_, position, send);
      continue;
    }
    const History::Entry* const next = feed_->history().behind(position);
    // Nothing goes by before it is joined, for nobody waits.
    if (next == nullptr) co_return join();
    position = next->position;
    if (const auto frame = feed_->selected(*subscriber_, next->data)) {
      co_await send_once(frame);
    } else if (looked % looks_at_once == 0) {
      co_await asio::post(host_.executor(), asio::use_awaitable);
    }
  }
}

asio::awaitable<void> EventsOut::send_live() {
  while (joined_) {
    const auto frame = co_await subscriber_->next();
    if (!frame) co_return;
    co_await send_once(frame);
  }
}

asio::awaitable<void> EventsOut::send_once(std::shared_ptr<const EventFrame> frame) {
  if (stored_.erase(frame->id) == 0) co_await socket_->write(frame->text);
}

asio::awaitable<void> EventsOut::close(std::uint16_t code, std::string_view reason) {
  closing_ = true;
  co_await socket_->close(code, std::string{reason});
}

}  // namespace hangar::gateway
