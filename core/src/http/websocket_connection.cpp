#include "http/websocket_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket.hpp>
#include <random>
#include <span>
#include <utility>

#include "http/http_answer.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Kind = WebSocketFrame::Kind;

// Of a client that was sent a Close.
constexpr auto closed_within = 2s;

// What is shorter hardly gets shorter; and whose client gets nothing longer needs no memory for it.
constexpr std::size_t least_deflated = 256;

websocket::permessage_deflate deflate_options(bool taken) {
  websocket::permessage_deflate options;
  options.server_enable = taken;
  // As Prefect's server takes it: small windows, for there may be many connections.
  options.server_max_window_bits = 12;
  options.client_max_window_bits = 12;
  return options;
}

std::string random_payload() {
  std::random_device random;
  std::string payload(4, '\0');
  for (char& byte : payload) byte = static_cast<char>(random());
  return payload;
}

}  // namespace

class WebSocketConnection::Writing {
 public:
  explicit Writing(WebSocketConnection& connection) : connection_{connection} {
    connection_.writing_ = true;
    connection_.written_by_ = Clock::now() + connection_.write_within_;
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    connection_.writing_ = false;
    connection_.written_by_ = Clock::time_point::max();
    connection_.changed_.wake_all();
  }

 private:
  WebSocketConnection& connection_;
};

WebSocketConnection::WebSocketConnection(HttpStream& stream, std::shared_ptr<void> owner,
                                         std::string_view read, WebSocketOptions options,
                                         const Bounds& bounds)
    : options_{std::move(options)},
      read_within_{bounds.read_within},
      write_within_{bounds.write_within},
      owner_{std::move(owner)},
      share_{bounds.room},
      below_{stream},
      reader_{options_.largest_message, read},
      changed_{stream.get_executor()},
      watch_{stream.get_executor()} {
  first_message_by_ = Clock::now() + options_.first_message;
  below_.expires_never();
}

asio::awaitable<bool> WebSocketConnection::accept(const Request& request) {
  const auto self = shared_from_this();
  std::optional<DeflateTerms> deflate;
  // Beast answers the request. It is not asked to read: it would answer each ping and each Close
  // within async_read, and has no switch for that (boostorg/beast 1363).
  websocket::stream<HttpStream&> handshake{below_};
  handshake.set_option(deflate_options(options_.deflate));
  handshake.set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
    response.set(http::field::server, "hangar");
    if (!options_.subprotocol.empty()) {
      response.set(http::field::sec_websocket_protocol, options_.subprotocol);
    }
    deflate = deflate_terms(view(response[http::field::sec_websocket_extensions]));
  }));
  reads_ = true;
  asio::co_spawn(
      below_.get_executor(), [self]() -> asio::awaitable<void> { co_await self->watch(); },
      asio::detached);
  beast::error_code failed;
  co_await handshake.async_accept(request, asio::redirect_error(asio::use_awaitable, failed));
  if (failed || gone_) {
    abort();
    co_return false;
  }
  if (deflate) {
    reader_.inflate(*deflate);
    deflater_.emplace(*deflate);
  }
  if (options_.ping_interval > 0ms) next_ping_ = Clock::now() + options_.ping_interval;
  watch_.wake_all();
  asio::co_spawn(
      below_.get_executor(), [self]() -> asio::awaitable<void> { co_await self->pump(); },
      asio::detached);
  co_return true;
}

asio::awaitable<void> WebSocketConnection::pump() {
  while (!gone_) {
    waits_for_room_ = !last_ && queued_bytes_ >= most_queued;
    if (waits_for_room_) {
      co_await changed_.wait();
    } else if (auto read = reader_.next()) {
      if (!take(std::move(*read))) break;
    } else {
      co_await read_more();
    }
  }
  coming_bytes_ = 0;
  account();
  message_ended();
  reads_ = false;
  changed_.wake_all();
}

asio::awaitable<void> WebSocketConnection::read_more() {
  if (last_) {  // It is for nobody.
    reader_.forget();
    share_.end_growing();
  }
  coming_bytes_ = reader_.held();
  account();
  if (reader_.within_message()) {
    if (message_by_ == Clock::time_point::max()) {
      message_by_ = Clock::now() + read_within_;
      may_wait_ = read_within_;
    }
    if (!last_ && !share_.may_grow()) co_await room_for_more();
  }
  if (reader_.wants_room()) co_return;
  const std::span<char> room = reader_.room(most_read_at_once);
  beast::error_code failed;
  const std::size_t came = co_await below_.async_read_some(
      asio::buffer(room.data(), room.size()), asio::redirect_error(asio::use_awaitable, failed));
  reader_.came(came);
  if (!failed) co_return;
  gone_ = true;
  watch_.wake_all();
}

asio::awaitable<void> WebSocketConnection::room_for_more() {
  waits_for_room_ = true;
  const auto left = message_by_ - Clock::now();
  message_by_ = Clock::now() + may_wait_;
  while (!share_.may_grow() && !last_ && !gone_) {
    // Its client can do nothing about readers.
    if (share_.waits_for_readers()) message_by_ = Clock::time_point::max();
    co_await share_.wait();
    if (message_by_ == Clock::time_point::max()) message_by_ = Clock::now() + read_within_;
  }
  may_wait_ = message_by_ - Clock::now();
  message_by_ = Clock::now() + left;
  waits_for_room_ = false;
}

bool WebSocketConnection::take(ReadFrame read) {
  if (!reader_.within_message()) message_ended();
  coming_bytes_ = reader_.held();
  if (read.frame.kind == Kind::close) {
    finish(read.frame.code, std::move(read.frame.data));
    return false;
  }
  if (read.pong) {
    pong_came(read.frame.data);
    return true;
  }
  if (read.frame.kind != Kind::ping) first_message_by_ = Clock::time_point::max();
  push(std::move(read.frame));
  return true;
}

void WebSocketConnection::pong_came(std::string_view payload) {
  if (payload != ping_ || pong_by_ == Clock::time_point::max()) return;
  pong_by_ = Clock::time_point::max();
  next_ping_ = Clock::now() + options_.ping_interval;
  watch_.wake_all();
}

void WebSocketConnection::push(WebSocketFrame frame) {
  if (last_ || gone_) {
    discarded_ |= frame.kind != Kind::ping;
    return;
  }
  // The pong of the later one says all that the pong of the earlier one would.
  const bool replaces =
      frame.kind == Kind::ping && queue_.size() >= most_pings && queue_.back().kind == Kind::ping;
  if (replaces) queue_.pop_back();
  if (frame.kind != Kind::ping) queued_bytes_ += std::max<std::size_t>(frame.data.size(), 64);
  queue_.push_back(std::move(frame));
  account();
  if (queue_.size() == 1) changed_.wake_all();  // Who reads waits only for the first.
}

void WebSocketConnection::finish(std::uint16_t code, std::string reason) {
  if (last_ || gone_) return;
  WebSocketFrame frame;
  frame.code = code;
  frame.data = std::move(reason);
  queue_.push_back(frame);
  last_ = std::move(frame);
  next_ping_ = pong_by_ = first_message_by_ = Clock::time_point::max();
  changed_.wake_all();
  share_.wake();
}

void WebSocketConnection::stop() { finish(websocket::close_code::service_restart, {}); }

void WebSocketConnection::abort() {
  gone_ = true;
  beast::error_code ignored;
  below_.socket().close(ignored);
  changed_.wake_all();
  watch_.wake_all();
  share_.wake();
}

asio::awaitable<std::optional<WebSocketFrame>> WebSocketConnection::read() {
  const auto self = shared_from_this();
  if (std::exchange(given_bytes_, 0) > 0) account();
  while (queue_.empty() && !gone_) co_await changed_.wait();
  if (queue_.empty()) co_return std::nullopt;
  WebSocketFrame frame = std::move(queue_.front());
  queue_.pop_front();
  if (frame.kind == Kind::text || frame.kind == Kind::binary) {
    queued_bytes_ -= std::max<std::size_t>(frame.data.size(), 64);
    given_bytes_ = frame.data.size();
    // Not at the first room: one message at a time costs more.
    if (waits_for_room_ && queued_bytes_ <= most_queued / 2) changed_.wake_all();
  }
  co_return frame;
}

asio::awaitable<void> WebSocketConnection::write(std::string text) {
  const auto self = shared_from_this();
  while (writing_ && !gone_) co_await changed_.wait();
  if (gone_ || !reads_) co_return;
  const Writing turn{*this};
  const bool deflated = deflater_ && text.size() >= least_deflated;
  if (deflated) text = deflater_->deflate(text);
  const std::string header = text_header(text.size(), deflated);
  const std::array<asio::const_buffer, 2> frame{asio::buffer(header), asio::buffer(text)};
  beast::error_code failed;
  co_await asio::async_write(below_, frame, asio::redirect_error(asio::use_awaitable, failed));
}

asio::awaitable<void> WebSocketConnection::send(ControlFrame kind, std::string payload) {
  const auto self = shared_from_this();
  co_await send_frame(control_frame(kind, payload));
}

asio::awaitable<void> WebSocketConnection::send_frame(std::string frame) {
  while (writing_ && !gone_) co_await changed_.wait();
  if (gone_) co_return;
  const Writing turn{*this};
  beast::error_code failed;
  co_await asio::async_write(below_, asio::buffer(frame),
                             asio::redirect_error(asio::use_awaitable, failed));
}

asio::awaitable<void> WebSocketConnection::close() {
  const auto self = shared_from_this();
  while (writing_ && !gone_) co_await changed_.wait();
  // The client may take a Close for the answer to its own: that all it sent was taken.
  if (discarded_) co_return abort();
  const WebSocketFrame answer = last_.value_or(WebSocketFrame{});
  co_await close(answer.code, answer.data);
}

asio::awaitable<void> WebSocketConnection::close(std::uint16_t code, std::string reason) {
  const auto self = shared_from_this();
  const std::string frame = close_frame(code, reason);
  finish(code, std::move(reason));  // What still comes is for nobody.
  co_await send_frame(frame);
  // Who does not answer pings does not answer a Close.
  const bool answers = code != websocket::close_code::internal_error;
  const auto deadline = Clock::now() + (answers ? closed_within : 0s);
  while (reads_ && !gone_ && Clock::now() < deadline) co_await changed_.wait_until(deadline);
  if (!reads_ && !gone_) co_await linger(below_);
  abort();
}

asio::awaitable<void> WebSocketConnection::watch() {
  // A write and a message say nothing when they begin.
  const auto seldom = std::min<std::chrono::milliseconds>({write_within_, read_within_, 10s});
  while (!gone_) {
    const auto now = Clock::now();
    if (now >= std::min({written_by_, first_message_by_, message_by_})) {
      abort();
      co_return;
    }
    if (now >= pong_by_) {
      // Whose messages wait for room here cannot be heard.
      if (!waits_for_room_) {
        finish(websocket::close_code::internal_error, "keepalive ping timeout");
      } else {
        pong_by_ = now + options_.ping_timeout;
      }
    }
    if (now >= next_ping_) ping();
    const auto next = std::min(
        {Clock::now() + seldom, written_by_, first_message_by_, message_by_, next_ping_, pong_by_});
    co_await watch_.wait_until(next);
  }
}

void WebSocketConnection::ping() {
  next_ping_ = Clock::now() + options_.ping_interval;
  // What is being written now is watched already.
  if (writing_) return;
  ping_ = random_payload();
  if (options_.ping_timeout > 0ms) {
    next_ping_ = Clock::time_point::max();
    pong_by_ = Clock::now() + options_.ping_timeout;
  }
  asio::co_spawn(
      below_.get_executor(),
      [self = shared_from_this()]() -> asio::awaitable<void> {
        co_await self->send_frame(control_frame(ControlFrame::ping, self->ping_));
      },
      asio::detached);
}

}  // namespace hangar
