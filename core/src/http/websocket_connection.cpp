#include "http/websocket_connection.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket.hpp>
#include <random>
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

websocket::permessage_deflate deflate_options(bool taken) {
  websocket::permessage_deflate options;
  options.server_enable = taken;
  // As Prefect's server takes it: small windows, for there may be many connections.
  options.server_max_window_bits = 12;
  options.client_max_window_bits = 12;
  options.memLevel = 5;
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
                                         std::string read, WebSocketOptions options,
                                         const Bounds& bounds)
    : options_{std::move(options)},
      read_within_{bounds.read_within},
      write_within_{bounds.write_within},
      owner_{std::move(owner)},
      share_{bounds.room},
      below_{stream},
      stream_{QuietStream{stream, std::move(read)}},
      changed_{stream.get_executor()},
      watch_{stream.get_executor()},
      first_message_by_{Clock::now() + options_.first_message} {
  below_.expires_never();
  stream_.set_option(deflate_options(options_.deflate));
  stream_.read_message_max(options_.largest_message);
  stream_.auto_fragment(false);
  stream_.text(true);
}

asio::awaitable<bool> WebSocketConnection::accept(const Request& request) {
  const auto self = shared_from_this();
  stream_.set_option(websocket::stream_base::decorator([this](websocket::response_type& response) {
    response.set(http::field::server, "hangar");
    if (!options_.subprotocol.empty()) {
      response.set(http::field::sec_websocket_protocol, options_.subprotocol);
    }
  }));
  reads_ = true;
  asio::co_spawn(
      below_.get_executor(), [self]() -> asio::awaitable<void> { co_await self->watch(); },
      asio::detached);
  beast::error_code failed;
  co_await stream_.async_accept(request, asio::redirect_error(asio::use_awaitable, failed));
  if (failed || gone_) {
    abort();
    co_return false;
  }
  stream_.next_layer().opened();
  stream_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
    heard(kind, {payload.data(), payload.size()});
  });
  if (options_.ping_interval > 0ms) next_ping_ = Clock::now() + options_.ping_interval;
  watch_.wake_all();
  asio::co_spawn(
      below_.get_executor(), [self]() -> asio::awaitable<void> { co_await self->pump(); },
      asio::detached);
  co_return true;
}

asio::awaitable<void> WebSocketConnection::pump() {
  beast::flat_buffer message;
  while (!gone_) {
    waits_for_room_ = !last_ && queued_bytes_ >= most_read_ahead;
    if (waits_for_room_) {
      co_await changed_.wait();
      continue;
    }
    const beast::error_code failed = co_await read_message(message);
    if (failed) {
      failed_to_read(failed);
      break;
    }
    first_message_by_ = Clock::time_point::max();
    WebSocketFrame frame;
    frame.kind = stream_.got_text() ? Kind::text : Kind::binary;
    frame.data.assign(static_cast<const char*>(message.data().data()), message.size());
    push(std::move(frame));
    message.consume(message.size());
    if (message.capacity() > most_read_ahead) message.shrink_to_fit();
  }
  coming_bytes_ = 0;
  account();
  share_.end_growing();
  reads_ = false;
  changed_.wake_all();
}

asio::awaitable<beast::error_code> WebSocketConnection::read_message(beast::flat_buffer& message) {
  beast::error_code failed;
  while (true) {
    co_await stream_.async_read_some(message, most_read_ahead,
                                     asio::redirect_error(asio::use_awaitable, failed));
    if (failed || stream_.is_message_done()) break;
    if (message_by_ == Clock::time_point::max()) message_by_ = Clock::now() + read_within_;
    if (last_) message.clear();  // It is for nobody.
    coming_bytes_ = message.capacity();
    account();
    if (!share_.may_grow()) co_await room_for_more();
  }
  message_by_ = Clock::time_point::max();
  coming_bytes_ = 0;
  share_.end_growing();
  co_return failed;
}

asio::awaitable<void> WebSocketConnection::room_for_more() {
  waits_for_room_ = true;
  message_by_ = Clock::time_point::max();
  while (!share_.may_grow() && !last_ && !gone_) co_await share_.wait();
  message_by_ = Clock::now() + read_within_;
  waits_for_room_ = false;
}

void WebSocketConnection::account() {
  const std::size_t held = coming_bytes_ + queued_bytes_ + given_bytes_;
  share_.become(held - std::min(held, own_bytes));
}

void WebSocketConnection::failed_to_read(beast::error_code failed) {
  if (failed == websocket::error::closed) {
    const auto& reason = stream_.reason();
    const auto code = static_cast<std::uint16_t>(reason.code);
    return finish(code == websocket::close_code::none ? 0 : code,
                  {reason.reason.data(), reason.reason.size()});
  }
  if (stream_.next_layer().close_code() != 0) return finish(stream_.next_layer().close_code(), {});
  const bool inflating =
      failed.category() == make_error_code(beast::zlib::error::need_buffers).category();
  if (inflating) return finish(websocket::close_code::protocol_error, {});
  gone_ = true;
  watch_.wake_all();
}

void WebSocketConnection::heard(websocket::frame_type kind, std::string_view payload) {
  if (kind == websocket::frame_type::ping) {
    WebSocketFrame frame;
    frame.kind = Kind::ping;
    frame.data = payload;
    push(std::move(frame));
  } else if (kind == websocket::frame_type::pong && payload == ping_ &&
             pong_by_ != Clock::time_point::max()) {
    pong_by_ = Clock::time_point::max();
    next_ping_ = Clock::now() + options_.ping_interval;
    watch_.wake_all();
  }
}

void WebSocketConnection::push(WebSocketFrame frame) {
  if (last_ || gone_) return;
  // The pong of the later one says all that the pong of the earlier one would.
  const bool replaces =
      frame.kind == Kind::ping && queue_.size() >= most_pings && queue_.back().kind == Kind::ping;
  if (replaces) queue_.pop_back();
  if (frame.kind != Kind::ping) queued_bytes_ += std::max<std::size_t>(frame.data.size(), 64);
  queue_.push_back(std::move(frame));
  account();
  changed_.wake_all();
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
    if (waits_for_room_) changed_.wake_all();
  }
  co_return frame;
}

asio::awaitable<void> WebSocketConnection::write(std::string text) {
  const auto self = shared_from_this();
  while (writing_ && !gone_) co_await changed_.wait();
  if (gone_) co_return;
  const Writing turn{*this};
  beast::error_code failed;
  co_await stream_.async_write(asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, failed));
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
