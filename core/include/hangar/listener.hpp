#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hangar/version.hpp"

namespace hangar {

/// What comes over a WebSocket.
struct WebSocketFrame {
  /// A message, which came whole; a ping; or the end of what comes.
  enum class Kind : std::uint8_t { text, binary, ping, close };

  Kind kind = Kind::close;
  std::string data{};      ///< Of a ping what the pong is to have, of a close the reason.
  std::uint16_t code = 0;  ///< Of a close; 0 when it has none.
};

/// What a service wants of a WebSocket.
struct WebSocketOptions {
  WebSocketOptions() = default;  // Not an aggregate, like SourceOptions.
  explicit WebSocketOptions(std::string protocol) : subprotocol{std::move(protocol)} {}

  std::string subprotocol{};  ///< That the client is told; empty: none.
  std::size_t largest_message = 16U << 20U;
  bool deflate = true;  ///< Whether permessage-deflate is taken when the client offers it.
  /// The client is pinged so often, and has so long for the pong. 0: never, and for ever.
  std::chrono::milliseconds ping_interval{20'000};
  std::chrono::milliseconds ping_timeout{20'000};
  /// The first message has to come within this.
  std::chrono::milliseconds first_message{30'000};
};

/// A connection that has become a WebSocket. No ping is answered but by `pong`, and no Close but by
/// `close`, so that either can say that what came before is done. Bounded are what was read ahead
/// (64 KiB, or one message; all large ones together have 64 MiB), the pings that nobody has read
/// (16; a further one takes the place of the last), and the time for a message to come and to be
/// sent (30 s). One that is destroyed ends the connection, without a Close. Used on its executor.
class HANGAR_API WebSocket {
 public:
  WebSocket() = default;
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  virtual ~WebSocket();

  /// What came, in order; nothing when the connection is gone. A `close` comes last: the client's;
  /// or what it is to be told, 1002, 1007 or 1009 when it breaks the protocol, 1011 when it does
  /// not answer pings, 1012 when the host stops. One coroutine reads at a time.
  virtual boost::asio::awaitable<std::optional<WebSocketFrame>> read() = 0;
  /// Sends a message of text; returns when it is sent, and also when the connection is gone or the
  /// client has sent its Close.
  virtual boost::asio::awaitable<void> write(std::string text) = 0;
  /// The same for a pong.
  virtual boost::asio::awaitable<void> pong(std::string data) = 0;
  /// Answers the `close` that was read, and ends the connection.
  virtual boost::asio::awaitable<void> close() = 0;
  /// Sends a Close of this code and reason (no more than 123 bytes are sent), waits a moment for
  /// the client's, and ends the connection.
  virtual boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
};

/// One HTTP request, which came whole, and the answer to it. One that is destroyed without an
/// answer is answered 500; one that is destroyed while its answer is sent needs nothing more.
class HANGAR_API Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange();

  [[nodiscard]] virtual std::string_view method() const noexcept = 0;
  /// As it was sent, with the query.
  [[nodiscard]] virtual std::string_view target() const noexcept = 0;
  /// The first of that name, in any case; empty when there is none.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  [[nodiscard]] virtual const std::string& body() const noexcept = 0;  ///< Until it is answered.
  /// The client's address and port.
  [[nodiscard]] virtual std::string peer() const = 0;

  /// A header for the answer. Throws std::logic_error for what HTTP cannot send.
  virtual void add_header(std::string name, std::string value) = 0;
  /// Returns when the answer is sent, and also when the client is gone. `type` is the Content-Type;
  /// none is sent when it is empty. Throws std::logic_error when there is an answer already, or for
  /// one that HTTP does not have.
  virtual boost::asio::awaitable<void> respond(unsigned status, std::string type,
                                               std::string body) = 0;

  /// Whether the client asks for a WebSocket, in a way that can be taken.
  [[nodiscard]] virtual bool wants_websocket() const = 0;
  /// Answers 101 and gives the WebSocket; null when the client is gone. Throws std::logic_error
  /// when the client did not ask, or there is an answer already.
  virtual boost::asio::awaitable<std::unique_ptr<WebSocket>> upgrade(WebSocketOptions options) = 0;
};

/// Takes HTTP/1.1 requests at an address that a service declares in `Needs::listens`. It reads each
/// whole before it gives it away. Bounded are the connections, the header (16 KiB) and the body of
/// a request, all bodies together (64 MiB, or one of the largest), and the time: 60 s from one
/// request to the next, 30 s for a request to come, to be accepted, and for its answer to be sent.
/// A request whose end is ambiguous is answered 400. What is passed on to another server
/// (`PassesOn`) is read and sent piece by piece, and reaches no service. Used on the service's
/// executor.
class HANGAR_API Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener();

  /// The next request. Any number of coroutines may wait for one. When the host stops nothing more
  /// is given away, and null is returned once every exchange is answered or destroyed and every
  /// WebSocket is destroyed: `run` may return then. Who keeps an exchange that has no answer while
  /// he waits here, `for (e = co_await accept(); e; e = co_await accept())`, waits for himself; the
  /// log says so after 5 s.
  virtual boost::asio::awaitable<std::unique_ptr<Exchange>> accept() = 0;
};

}  // namespace hangar
