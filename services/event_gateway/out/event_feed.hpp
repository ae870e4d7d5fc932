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

  /// From now on the subscriber gets events, until it leaves.
  void join(Subscriber& subscriber);
  /// The same, but from events on that nobody may have stored yet: what is read from the database
  /// after this has all that came before. Waits where the persister is far behind.
  boost::asio::awaitable<void> join_behind_stored(Subscriber& subscriber);
  void leave(Subscriber& subscriber);

 private:
  void take(const Message& message);
  void offer(std::string_view data);
  boost::asio::awaitable<std::optional<ConsumerPosition>> position();
  /// Of the last message that the database has for sure and behind which all is known here; none
  /// when that cannot be told in time.
  boost::asio::awaitable<std::optional<std::uint64_t>> stored_up_to(const Subscriber& subscriber);

  Context& host_;
  EventReader reader_;
  History history_;
  SubscriberIndex subscribers_;
  std::function<void(double)> joined_;
  std::function<void(double)> joined_late_;
  std::function<void(double)> slow_;
};

}  // namespace hangar::gateway
