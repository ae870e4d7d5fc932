#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/http_listener.hpp"
#include "http/listen_address.hpp"
#include "http/websocket_wire.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace hangar {
namespace {

using namespace std::chrono_literals;

class NoLog final : public Log {
 public:
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view) noexcept override {}
};

/// A listener on a thread of its own, whose service answers each message with the same. From `hold`
/// on it answers no ping and no Close until `release`. `drop` and `refuse` end the connection.
class Served {
 public:
  explicit Served(WebSocketOptions options = WebSocketOptions{"prefect"})
      : options_{std::move(options)} {
    thread_ = std::thread{[this] { io_.run(); }};
    on_strand([&] {
      listener_ = HttpListener::start(strand_, "listen", ListensOn{"127.0.0.1:0"}, log_);
    });
    service_ = asio::co_spawn(
        strand_, [this]() -> asio::awaitable<void> { co_await serve(); }, asio::use_future);
  }
  ~Served() {
    stop();
    on_strand([&] { released_.set(); });
    service_.get();
    asio::co_spawn(
        strand_, [this]() -> asio::awaitable<void> { co_await listener_->close(); },
        asio::use_future)
        .get();
    work_.reset();
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  void stop() {
    on_strand([&] { listener_->stop(); });
  }
  void release() {
    on_strand([&] { released_.set(); });
  }
  void wait_heard(const std::string& what) {
    for (bool heard = false; !heard; std::this_thread::yield()) {
      on_strand([&] { heard = !heard_.empty() && heard_.back() == what; });
    }
  }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const {
    return listen_address(listener_->address(), "listen");
  }

 private:
  template <class Work>
  void on_strand(Work work) {
    asio::post(strand_, asio::use_future(std::move(work))).get();
  }

  asio::awaitable<void> serve() {
    while (true) {
      std::shared_ptr<Exchange> exchange = co_await listener_->accept();
      if (!exchange) co_return;
      asio::co_spawn(
          strand_,
          [this, exchange = std::move(exchange)]() mutable -> asio::awaitable<void> {
            const auto mine = std::move(exchange);
            co_await answer(*mine);
          },
          asio::detached);
    }
  }

  asio::awaitable<void> answer(Exchange& exchange) {
    if (!exchange.wants_websocket()) {
      exchange.add_header("Retry-After", "1");
      co_await exchange.respond(503, {}, {});
      co_return;
    }
    const auto socket = co_await exchange.upgrade(options_);
    if (!socket) co_return;
    bool holds = false;
    while (const auto frame = co_await socket->read()) {
      using Kind = WebSocketFrame::Kind;
      heard_.push_back(fmt::format("{} {} {}", static_cast<int>(frame->kind),
                                   frame->data.substr(0, 40), frame->code));
      if (frame->data == "hold") holds = true;
      if (frame->data == "wait") co_await released_.wait();
      if (frame->data == "drop") co_return;
      if (frame->data == "refuse") {
        co_await socket->close(1008, std::string(121, 'x') + "\xC3\xBC!");
        co_return;
      }
      if (frame->kind == Kind::text) co_await socket->write(frame->data);
      if (frame->kind == Kind::ping && !holds) co_await socket->pong(frame->data);
      if (frame->kind == Kind::close) {
        if (holds) co_await released_.wait();
        co_await socket->close();
      }
    }
    heard_.emplace_back("gone");
  }

  WebSocketOptions options_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::any_io_executor strand_ = asio::make_strand(io_);
  NoLog log_;
  Event released_{strand_};
  std::deque<std::string> heard_;
  std::shared_ptr<HttpListener> listener_;
  std::future<void> service_;
  std::thread thread_;
};

constexpr char text = '\x1';
constexpr char binary = '\x2';
constexpr char close_op = '\x8';
constexpr char ping = '\x9';

/// A frame of a client; its mask changes nothing.
std::string masked(char opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>('\x80' | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>('\x80' | static_cast<char>(payload.size()));
  } else {
    frame += '\xFE';
    frame += static_cast<char>(payload.size() >> 8U);
    frame += static_cast<char>(payload.size());
  }
  return frame + std::string(4, '\0') + std::string{payload};
}

/// Speaks in bytes, so that nothing is answered for it.
class Client {
 public:
  explicit Client(const Served& served, std::string_view behind = {}) {
    socket_.connect(served.endpoint());
    send(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        std::string{behind});
    asio::read_until(socket_, asio::dynamic_buffer(came_), "\r\n\r\n");
    const auto end = came_.find("\r\n\r\n") + 4;
    head_ = came_.substr(0, end);
    came_.erase(0, end);
  }
  [[nodiscard]] const std::string& head() const { return head_; }
  bool send(std::string_view bytes) {
    boost::system::error_code failed;
    asio::write(socket_, asio::buffer(bytes), failed);
    return !failed;
  }
  /// What comes next, if it is this; else all that came.
  std::string next(std::size_t bytes) {
    boost::system::error_code ended;
    if (came_.size() < bytes) {
      asio::read(socket_, asio::dynamic_buffer(came_), asio::transfer_exactly(bytes - came_.size()),
                 ended);
    }
    std::string part = came_.substr(0, bytes);
    came_.erase(0, part.size());
    return part;
  }
  std::string all() {
    boost::system::error_code ended;
    asio::read(socket_, asio::dynamic_buffer(came_), ended);
    return std::exchange(came_, {});
  }
  std::size_t unread() { return came_.size() + socket_.available(); }
  asio::ip::tcp::socket& socket() { return socket_; }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
  std::string head_;
  std::string came_;
};

std::string message(std::string_view content) {
  return std::string{'\x81', static_cast<char>(content.size())} + std::string{content};
}

TEST(WebSocket, pong_waits_for_the_service_and_messages_do_not_wait_for_it) {
  Served served;
  Client client{served};
  client.send(masked(text, "hold") + masked(ping, "p"));
  EXPECT_EQ(client.next(6), message("hold"));
  served.wait_heard("2 p 0");
  client.send(masked(text, "one") + masked(ping, "q") + masked(text, "two"));
  EXPECT_EQ(client.next(10), message("one") + message("two"));
  EXPECT_EQ(client.unread(), 0U);
}

TEST(WebSocket, pings_are_answered_in_turn_with_what_they_have) {
  Served served;
  Client client{served};
  client.send(masked(ping, "") + masked(text, "one") + masked(ping, std::string(125, 'p')));
  const std::string expected = control_frame(ControlFrame::pong, "") + message("one") +
                               control_frame(ControlFrame::pong, std::string(125, 'p'));
  EXPECT_EQ(client.next(expected.size()), expected);
}

TEST(WebSocket, of_pings_that_nobody_reads_the_last_is_answered) {
  Served served;
  Client client{served};
  std::string many = masked(text, "wait");
  for (int i = 0; i < 1000; ++i) many += masked(ping, std::to_string(i));
  client.send(many + masked(text, "end"));
  served.wait_heard("0 wait 0");
  served.release();
  served.wait_heard("0 end 0");
  const auto last = control_frame(ControlFrame::pong, "999") + message("end");
  std::string came;
  while (!came.ends_with(last)) came += client.next(1);
}

TEST(WebSocket, close_is_answered_when_the_service_says_so) {
  Served served;
  Client client{served};
  client.send(masked(text, "hold"));
  EXPECT_EQ(client.next(6), message("hold"));
  client.send(masked(close_op, "\x03\xE9 going"));
  served.wait_heard("3  going 1001");
  EXPECT_EQ(client.unread(), 0U);
  served.release();
  EXPECT_EQ(client.all(), close_frame(1001, " going"));
}

TEST(WebSocket, close_without_a_code_is_answered_by_one_without) {
  Served served;
  Client client{served};
  client.send(masked(close_op, ""));
  EXPECT_EQ(client.all(), close_frame(0, ""));
}

TEST(WebSocket, reason_of_a_close_is_cut_where_a_character_ends) {
  Served served;
  Client client{served};
  client.send(masked(text, "refuse"));
  const auto frame = close_frame(1008, std::string(121, 'x') + "\xC3\xBC");
  EXPECT_EQ(client.next(frame.size()), frame);
  client.send(masked(close_op, "\x03\xF0"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_is_dropped_ends_without_a_close) {
  Served served;
  Client client{served};
  client.send(masked(text, "drop"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_breaks_the_protocol_is_told_why) {
  WebSocketOptions options;
  options.largest_message = 1000;
  Served served{options};
  const std::vector<std::pair<std::string, std::uint16_t>> cases{
      {masked(text, std::string(1001, 'x')), 1009},
      {masked(text, "\xFF"), 1007},
      {"\x81\x01x", 1002},
      {masked('\x3', "x"), 1002},
  };
  for (const auto& [bytes, code] : cases) {
    Client client{served};
    client.send(bytes);
    EXPECT_EQ(client.all(), close_frame(code, "")) << code;
  }
}

TEST(WebSocket, at_stop_the_client_is_told_1012_and_so_is_one_that_comes_then) {
  Served served;
  Client client{served};
  client.send(masked(text, "one"));
  EXPECT_EQ(client.next(5), message("one"));
  served.stop();
  EXPECT_EQ(client.next(4), close_frame(1012, ""));
  client.send(masked(close_op, "\x03\xF4"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, who_does_not_answer_pings_is_told_1011) {
  WebSocketOptions options;
  options.ping_interval = options.ping_timeout = 50ms;
  Served served{options};
  Client client{served};
  const std::string pinged = client.next(6);
  EXPECT_EQ(pinged.substr(0, 2), (std::string{'\x89', '\x04'}));
  client.send(masked('\xA', pinged.substr(2)));
  EXPECT_EQ(client.next(6).substr(0, 2), (std::string{'\x89', '\x04'}));
  const auto told = close_frame(1011, "keepalive ping timeout");
  EXPECT_EQ(client.next(told.size()), told);
}

TEST(WebSocket, who_says_nothing_first_is_dropped) {
  WebSocketOptions options;
  options.first_message = 50ms;
  Served served{options};
  Client client{served};
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_comes_behind_the_request_is_read) {
  Served served;
  Client client{served, masked(text, "early")};
  EXPECT_EQ(client.next(7), message("early"));
}

TEST(WebSocket, who_is_not_read_can_send_only_so_much) {
  Served served;
  Client client{served};
  client.send(masked(text, "wait"));
  served.wait_heard("0 wait 0");
  client.socket().non_blocking(true);
  const std::string frame = masked(binary, std::string(1000, 'x'));
  std::size_t sent = 0;
  constexpr std::size_t much = 64U << 20U;
  boost::system::error_code full;
  // The buffers of the kernel fill up in the end.
  for (int idle = 0; sent < much && idle < 200;) {
    const auto some = client.socket().write_some(asio::buffer(frame), full);
    sent += some;
    if (some < frame.size()) {
      ++idle;
      std::this_thread::sleep_for(1ms);
    }
    if (some > 0 && some < frame.size()) break;
  }
  EXPECT_LT(sent, much);
  served.release();
}

TEST(WebSocket, others_are_answered_as_before_and_with_headers) {
  Served served;
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  socket.connect(served.endpoint());
  asio::write(
      socket,
      asio::buffer(std::string_view{"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
  std::string came;
  boost::system::error_code ended;
  asio::read(socket, asio::dynamic_buffer(came), ended);
  EXPECT_TRUE(came.starts_with("HTTP/1.1 503 ")) << came;
  EXPECT_NE(came.find("\r\nRetry-After: 1\r\n"), std::string::npos) << came;
}

TEST(WebSocket, library_negotiates_subprotocol_and_deflate) {
  Served served;
  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> client{io};
  client.next_layer().connect(served.endpoint());
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  client.set_option(deflate);
  websocket::response_type response;
  client.handshake(response, "h", "/");
  EXPECT_EQ(response["Sec-WebSocket-Protocol"], "prefect");
  EXPECT_NE(response["Sec-WebSocket-Extensions"].find("permessage-deflate"),
            beast::string_view::npos);
  const std::string content(3'000'000, 'x');
  client.write(asio::buffer(content));
  beast::flat_buffer echoed;
  client.read(echoed);
  EXPECT_EQ(beast::buffers_to_string(echoed.data()), content);
  client.close(websocket::close_code::going_away);
  EXPECT_EQ(client.reason().code, websocket::close_code::going_away);
}

TEST(WebSocket, what_is_too_large_when_it_is_inflated_is_told_1009) {
  WebSocketOptions options;
  options.largest_message = 100'000;
  Served served{options};
  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> client{io};
  client.next_layer().connect(served.endpoint());
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  client.set_option(deflate);
  client.handshake("h", "/");
  client.write(asio::buffer(std::string(10'000'000, 'x')));
  beast::flat_buffer echoed;
  beast::error_code closed;
  client.read(echoed, closed);
  EXPECT_EQ(closed, websocket::error::closed) << closed.message();
  EXPECT_EQ(client.reason().code, websocket::close_code::too_big);
}

TEST(WebSocketWire, frames_are_told_apart_in_pieces_of_any_size) {
  for (const std::size_t payload : {0U, 125U, 126U, 65'535U, 65'536U, 200'000U}) {
    for (const std::size_t piece : {10U, 100U, 65'536U}) {
      std::string sent;
      sent += '\x81';
      if (payload < 126) {
        sent += static_cast<char>(payload);
      } else if (payload < 65'536) {
        sent += '\x7E';
        for (int shift = 8; shift >= 0; shift -= 8) sent += static_cast<char>(payload >> shift);
      } else {
        sent += '\x7F';
        for (int shift = 56; shift >= 0; shift -= 8) {
          sent += static_cast<char>(static_cast<std::uint64_t>(payload) >> shift);
        }
      }
      sent += std::string(payload, '\x8A');  // Looks like a pong wherever a piece begins.
      OutgoingFrames frames;
      for (int i = 0; i < 2; ++i) {
        for (std::size_t at = 0; at < sent.size(); at += piece) {
          EXPECT_EQ(frames.begins_with(std::string_view{sent}.substr(at, piece)), std::nullopt);
        }
        EXPECT_EQ(frames.begins_with(control_frame(ControlFrame::pong, "x")), ControlFrame::pong);
        EXPECT_EQ(frames.begins_with(close_frame(1000, "")), ControlFrame::close);
        EXPECT_EQ(frames.begins_with(control_frame(ControlFrame::ping, "x")), std::nullopt);
      }
    }
  }
}

}  // namespace
}  // namespace hangar
