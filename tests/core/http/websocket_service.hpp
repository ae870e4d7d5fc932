#pragma once

#include <fmt/format.h>

#include <array>
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
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "http/http_listener.hpp"
#include "http/listen_address.hpp"

namespace hangar::test {

namespace asio = boost::asio;

class SilentLog final : public Log {
 public:
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view) noexcept override {}
};

/// A listener on two threads, as those of a service with `threads` of its own, whose service
/// answers each message with the same. From `hold` on it answers no ping and no Close until
/// `release`. `drop` and `refuse` end the connection.
class Served {
 public:
  explicit Served(WebSocketOptions options = WebSocketOptions{"prefect"},
                  const ListenerLimits& limits = {})
      : options_{std::move(options)} {
    for (std::thread& each : threads_) each = std::thread{[this] { io_.run(); }};
    on_strand([&] {
      listener_ = HttpListener::start(strand_, "listen", ListensOn{"127.0.0.1:0"}, log_, limits);
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
    for (std::thread& each : threads_) each.join();
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
  [[nodiscard]] std::size_t messages_bytes() {
    std::size_t bytes = 0;
    on_strand([&] { bytes = listener_->messages_bytes(); });
    return bytes;
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
  asio::io_context io_{2};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::any_io_executor strand_ = asio::make_strand(io_);
  SilentLog log_;
  Event released_{strand_};
  std::deque<std::string> heard_;
  std::shared_ptr<HttpListener> listener_;
  std::future<void> service_;
  std::array<std::thread, 2> threads_;
};

inline constexpr char text = '\x1';
inline constexpr char binary = '\x2';
inline constexpr char close_op = '\x8';
inline constexpr char ping = '\x9';
inline constexpr char pong = '\xA';

/// A frame of a client; its mask changes nothing.
inline std::string masked(char opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>('\x80' | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>('\x80' | static_cast<char>(payload.size()));
  } else {
    const bool large = payload.size() > 0xFFFF;
    frame += large ? '\xFF' : '\xFE';
    for (int shift = large ? 56 : 8; shift >= 0; shift -= 8) {
      frame += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift);
    }
  }
  return frame + std::string(4, '\0') + std::string{payload};
}

/// Speaks in bytes, so that nothing is answered for it.
class Client {
 public:
  explicit Client(const Served& served, std::string_view behind = {},
                  std::string_view headers = {}) {
    socket_.connect(served.endpoint());
    send(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        std::string{headers} + "\r\n" + std::string{behind});
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

inline std::string message(std::string_view content) {
  return std::string{'\x81', static_cast<char>(content.size())} + std::string{content};
}

}  // namespace hangar::test
