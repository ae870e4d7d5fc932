#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "gateway_config.hpp"
#include "hangar/listener.hpp"
#include "hangar/service.hpp"
#include "out/event_feed.hpp"
#include "out/subscriber.hpp"

namespace hangar::gateway {

/// One client of `/api/events/out`. For the strand of the service.
class EventsOut : public std::enable_shared_from_this<EventsOut> {
 public:
  /// `config` outlives this, and with it the secret that the client must know, empty when it need
  /// not. A client that `speaks_prefect` says so first.
  EventsOut(Context& host, const GatewayConfig& config, std::unique_ptr<WebSocket> socket,
            std::shared_ptr<EventFeed> feed, bool speaks_prefect);

  /// Returns when the client is gone, or was told that it is closed.
  boost::asio::awaitable<void> run();

  /// Longer ones are no filters.
  static constexpr std::size_t largest_message = 1U << 20U;

 private:
  /// What the client wants, or why that is nothing.
  struct Request;

  Request request(const WebSocketFrame& frame);
  /// Whether it subscribes to something.
  boost::asio::awaitable<bool> subscribe(const WebSocketFrame& frame);
  boost::asio::awaitable<void> deliver(bool backfill);
  /// From now on it gets events.
  void join();
  /// All that was before this, and joins.
  boost::asio::awaitable<void> send_what_was();
  boost::asio::awaitable<void> send_stored();
  /// What the stream has behind the position, and joins.
  boost::asio::awaitable<void> send_unstored(std::uint64_t position);
  boost::asio::awaitable<void> send_live();
  /// Unless it was sent as a stored one.
  boost::asio::awaitable<void> send_once(std::shared_ptr<const EventFrame> frame);
  boost::asio::awaitable<void> close(std::uint16_t code, std::string_view reason);

  Context& host_;
  const GatewayConfig& config_;
  std::unique_ptr<WebSocket> socket_;
  std::shared_ptr<EventFeed> feed_;
  bool authenticated_;
  bool closing_ = false;
  bool joined_ = false;
  std::unique_ptr<Subscriber> subscriber_;
  std::unordered_set<Uuid> stored_;  ///< Events that were sent as stored ones.
};

}  // namespace hangar::gateway
