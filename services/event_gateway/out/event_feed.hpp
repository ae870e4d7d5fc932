#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway_config.hpp"
#include "hangar/service.hpp"
#include "out/event_filter.hpp"
#include "out/history.hpp"
#include "out/seen_event.hpp"
#include "out/subscriber.hpp"
#include "out/subscriber_index.hpp"
#include "out/turns.hpp"

namespace hangar::gateway {

/// The frame of an event, which is received now where it does not say when.
std::shared_ptr<const EventFrame> frame_of(const SeenEvent& event);

/// Sees all events go by, and gives each to the subscribers who want it. For the strand of the
/// service.
class EventFeed {
 public:
  /// The name of its source in `Needs::live`.
  static constexpr const char* source = "live";
  /// Who stores the events: Prefect's persister or Hangar's.
  static constexpr const char* persister = "events-event-persister";

  EventFeed(Context& host, const GatewayConfig& config);

  /// Returns when the host wants the service to end.
  boost::asio::awaitable<void> run();

  /// The filter that a value is which `document` has. Throws DataError.
  EventFilter filter(prefect::JsonValue value, Timestamp now) { return reader_.filter(value, now); }
  prefect::JsonDocument& document() noexcept { return reader_.document(); }

  /// The frame of an event whose JSON this is, where the subscriber's filter selects it as if it
  /// was stored; else null. Ends one whose filter takes too many steps to tell.
  std::shared_ptr<const EventFrame> selected(Subscriber& subscriber, std::string_view data);

  /// Runs `work` in a transaction, for one subscriber at a time: while the storage is away, one
  /// asks for it. Whether it was run: not when the subscriber has ended, or the host stops, before
  /// its turn.
  boost::asio::awaitable<bool> transact(Subscriber& subscriber, Callable<void(Session&)> work);
  /// The position of the last message that the database has for sure; none where that cannot be
  /// told in time.
  boost::asio::awaitable<std::optional<std::uint64_t>> stored_up_to(Subscriber& subscriber);
  /// The last messages that went by.
  [[nodiscard]] const History& history() const noexcept { return history_; }
  /// Reads the stream again from behind a position, until the history has what follows, or for a
  /// while: calls `send` with what the subscriber wants. Returns how far that came.
  boost::asio::awaitable<std::uint64_t> reread(
      Subscriber& subscriber, std::uint64_t position,
      Callable<boost::asio::awaitable<void>(std::shared_ptr<const EventFrame>)> send);

  /// From now on the subscriber gets events, until it leaves.
  void join(Subscriber& subscriber);
  void leave(Subscriber& subscriber);
  /// Says that a subscriber is closed whose filter takes too many steps.
  void tell_costly();

 private:
  void take(const Message& message);
  void offer(const Message& message);
  boost::asio::awaitable<std::optional<ConsumerPosition>> position();

  Context& host_;
  EventReader reader_;
  History history_;
  SubscriberIndex subscribers_;
  Turns transactions_;
  Turns rereaders_;
  std::function<void(double)> joined_;
  std::function<void(double)> joined_late_;
  std::function<void(double)> slow_;
  std::function<void(double)> costly_;
};

}  // namespace hangar::gateway
