#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/runs_on.hpp"
#include "hangar/event.hpp"
#include "hangar/listener.hpp"
#include "http/http_stream.hpp"
#include "http/shared_room.hpp"
#include "websocket/websocket_deflate.hpp"
#include "websocket/websocket_reader.hpp"
#include "websocket/websocket_wire.hpp"

namespace hangar {

/// By when something must have come or gone.
struct WebSocketTimes {
  using Time = std::chrono::steady_clock::time_point;

  Time first_message_by_ = Time::max();
  Time message_by_ = Time::max();  ///< The end of one that has begun, or room for it.
  Time::duration may_wait_{};      ///< It for room; its own time stands still then.
  Time written_by_ = Time::max();
  Time next_ping_ = Time::max();
  Time pong_by_ = Time::max();
};

/// What messages take.
struct WebSocketBytes {
  std::size_t queued_bytes_ = 0;
  std::size_t coming_bytes_ = 0;  ///< Of one that is not whole.
  std::size_t given_bytes_ = 0;   ///< Of the one that was read last: its reader has it still.
};

/// A connection of a listener that has become a WebSocket: reads ahead, answers nothing by itself,
/// pings, and watches the time. For the strand of its listener; its coroutines keep it alive.
class WebSocketConnection : public std::enable_shared_from_this<WebSocketConnection>,
                            WebSocketTimes,
                            WebSocketBytes {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Clock = std::chrono::steady_clock;

  /// What a listener gives each: the time for a message to come whole, for one to be sent, and the
  /// memory for large ones.
  struct Bounds {
    std::chrono::milliseconds read_within, write_within;
    SharedRoom& room;
  };

  /// `stream` and the room belong to `owner`; `read` is what came behind the request.
  WebSocketConnection(HttpStream& stream, std::shared_ptr<void> owner, std::string_view read,
                      WebSocketOptions options, const Bounds& bounds);

  /// Answers the request; whether this is a WebSocket now.
  boost::asio::awaitable<bool> accept(const Request& request);
  /// The next frame is the last: the client is told 1012.
  void stop();
  /// The connection ends, without a Close.
  void abort();

  boost::asio::awaitable<std::optional<WebSocketFrame>> read();
  boost::asio::awaitable<void> write(std::string text);
  boost::asio::awaitable<void> send(ControlFrame kind, std::string payload);
  /// Answers the Close of the client, or sends the one that was read in its place.
  boost::asio::awaitable<void> close();
  boost::asio::awaitable<void> close(std::uint16_t code, std::string reason);

  static constexpr std::size_t most_read_ahead = 64U << 10U;
  /// Of these: what may be no message yet, and messages that nobody has read.
  static constexpr std::size_t most_read_at_once = most_read_ahead / 2;
  static constexpr std::size_t most_queued = most_read_ahead - most_read_at_once;
  /// Whatever is more is of the room of all.
  static constexpr std::size_t own_bytes = 2 * most_read_ahead;
  static constexpr std::size_t most_pings = 16;

 private:
  /// The turn of one who writes: frames do not mix.
  class Writing;

  boost::asio::awaitable<void> pump();
  /// Returns when more has come, or may be inflated of what came.
  boost::asio::awaitable<void> read_more();
  /// Waits until as much may come as came.
  boost::asio::awaitable<void> room_for_more();
  void message_ended() {
    message_by_ = Clock::time_point::max();
    share_.end_growing();
  }
  /// Tells the room of all what this holds.
  void account() {
    const auto beyond = [](std::size_t bytes) { return bytes - std::min(bytes, own_bytes); };
    const std::size_t whole = queued_bytes_ + given_bytes_;
    share_.become(beyond(coming_bytes_ + whole), beyond(whole));
  }
  boost::asio::awaitable<void> watch();
  /// Takes what has come; whether anything may follow.
  bool take(ReadFrame read);
  void pong_came(std::string_view payload);
  void push(WebSocketFrame frame);
  /// The frame that is read last.
  void finish(std::uint16_t code, std::string reason);
  boost::asio::awaitable<void> send_frame(std::string frame);
  void ping();

  WebSocketOptions options_;
  const std::chrono::milliseconds read_within_;
  const std::chrono::milliseconds write_within_;
  const std::shared_ptr<void> owner_;
  SharedRoom::Share share_;
  HttpStream& below_;
  WebSocketReader reader_;
  std::optional<MessageDeflater> deflater_;
  Condition changed_;  ///< The queue, whose turn it is to write, or whether this ends.
  Condition watch_;
  std::list<WebSocketFrame> queue_;     ///< A deque takes half a KiB when it is empty.
  std::optional<WebSocketFrame> last_;  ///< The Close, once it is in the queue.
  std::string ping_;                    ///< What the pong is to have.
  bool writing_ = false;                ///< Somebody has the turn.
  bool waits_for_room_ = false;
  bool discarded_ = false;  ///< A message came behind the last frame.
  bool reads_ = false;      ///< Something may still come.
  bool gone_ = false;
};

/// What a service has of it.
class HttpWebSocket final : public WebSocket {
 public:
  /// `held` is given up when the service needs it no more.
  HttpWebSocket(std::shared_ptr<WebSocketConnection> connection, std::shared_ptr<void> held,
                boost::asio::any_io_executor strand)
      : held_{std::move(held)}, connection_{std::move(connection)}, strand_{std::move(strand)} {}
  ~HttpWebSocket() override { connection_->abort(); }

  boost::asio::awaitable<std::optional<WebSocketFrame>> read() override {
    check_runs_on(strand_, "WebSocket::read");
    return connection_->read();
  }
  boost::asio::awaitable<void> write(std::string text) override {
    check_runs_on(strand_, "WebSocket::write");
    return connection_->write(std::move(text));
  }
  boost::asio::awaitable<void> pong(std::string data) override {
    check_runs_on(strand_, "WebSocket::pong");
    return connection_->send(ControlFrame::pong, std::move(data));
  }
  boost::asio::awaitable<void> close() override {
    check_runs_on(strand_, "WebSocket::close");
    return connection_->close();
  }
  boost::asio::awaitable<void> close(std::uint16_t code, std::string reason) override {
    check_runs_on(strand_, "WebSocket::close");
    return connection_->close(code, std::move(reason));
  }

 private:
  std::shared_ptr<void> held_;  ///< Gone after the connection was ended.
  std::shared_ptr<WebSocketConnection> connection_;
  boost::asio::any_io_executor strand_;
};

}  // namespace hangar
