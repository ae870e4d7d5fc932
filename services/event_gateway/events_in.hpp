#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hangar/listener.hpp"
#include "intake.hpp"
#include "sender.hpp"

namespace hangar::gateway {

/// One client of `/api/events/in`. Its pings and its Close are answered when all that it sent
/// before is stored. For the strand of the service.
class EventsIn : public std::enable_shared_from_this<EventsIn> {
 public:
  /// `secret` is what the client must know, empty when it need not, and outlives this. A client
  /// that `speaks_prefect` says so first.
  EventsIn(boost::asio::any_io_executor executor, std::unique_ptr<WebSocket> socket,
           std::shared_ptr<Intake> intake, std::shared_ptr<Sender> sender, std::string_view secret,
           bool speaks_prefect);

  /// Returns when the connection has ended.
  boost::asio::awaitable<void> run();

 private:
  static constexpr std::size_t most_pings = 16;

  boost::asio::awaitable<void> take(WebSocketFrame& frame);
  boost::asio::awaitable<void> pinged(std::string data);
  boost::asio::awaitable<void> answer_pings();
  boost::asio::awaitable<void> closed();

  boost::asio::any_io_executor executor_;
  std::unique_ptr<WebSocket> socket_;
  std::shared_ptr<Intake> intake_;
  std::shared_ptr<Sender> sender_;
  std::string_view secret_;
  bool authenticated_;
  /// What the pongs are to have, each with the message that must be stored before.
  std::list<std::pair<std::uint64_t, std::string>> pings_;
  bool answers_pings_ = false;
};

}  // namespace hangar::gateway
