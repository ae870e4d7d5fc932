#include "events_in.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <optional>

#include "handshake.hpp"
#include "hangar/error.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using namespace std::chrono_literals;
using FrameKind = WebSocketFrame::Kind;

// Prefect's clients wait no longer for the answer to their Close.
constexpr auto closing_takes = 10s;

}  // namespace

EventsIn::EventsIn(asio::any_io_executor executor, std::unique_ptr<WebSocket> socket,
                   std::shared_ptr<Intake> intake, std::shared_ptr<Sender> sender,
                   std::string_view secret, bool speaks_prefect)
    : executor_{std::move(executor)},
      socket_{std::move(socket)},
      intake_{std::move(intake)},
      sender_{std::move(sender)},
      secret_{secret},
      authenticated_{!speaks_prefect} {}

asio::awaitable<void> EventsIn::run() {
  const auto self = shared_from_this();
  while (auto frame = co_await socket_->read()) {
    if (frame->kind == FrameKind::ping) {
      co_await pinged(std::move(frame->data));
    } else if (frame->kind == FrameKind::close) {
      co_await closed();
      break;
    } else if (authenticated_) {
      co_await take(*frame);
    } else {
      authenticated_ = co_await authenticate(*socket_, *frame, secret_);
      if (!authenticated_) break;
    }
  }
  sender_->failed();  // Nobody is answered any more.
}

asio::awaitable<void> EventsIn::take(WebSocketFrame& frame) {
  if (frame.kind == FrameKind::text) {
    co_await intake_->take(frame.data, sender_);
  } else {
    const DataError why{"not_text", "an event is a message of text, and this is one of bytes"};
    co_await intake_->reject(frame.data, why, sender_);
  }
}

asio::awaitable<void> EventsIn::pinged(std::string data) {
  const std::uint64_t before = sender_->begun();
  if (pings_.empty() && sender_->all_stored(before)) {
    co_await socket_->pong(std::move(data));
    co_return;
  }
  // The pong of a later one says all that the pong of an earlier one would.
  if (pings_.size() >= most_pings) pings_.pop_back();
  pings_.emplace_back(before, std::move(data));
  if (answers_pings_) co_return;
  answers_pings_ = true;
  asio::co_spawn(
      executor_,
      [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->answer_pings(); },
      asio::detached);
}

asio::awaitable<void> EventsIn::answer_pings() {
  while (!pings_.empty()) {
    if (!co_await sender_->wait(pings_.front().first)) break;
    if (pings_.empty()) break;
    std::string data = std::move(pings_.front().second);
    pings_.pop_front();
    co_await socket_->pong(std::move(data));
  }
  answers_pings_ = false;
}

asio::awaitable<void> EventsIn::closed() {
  const auto deadline = Sender::Clock::now() + closing_takes;
  if (!co_await sender_->wait(sender_->begun(), deadline)) co_return;
  while (!pings_.empty()) {
    std::string data = std::move(pings_.front().second);
    pings_.pop_front();
    co_await socket_->pong(std::move(data));
  }
  co_await socket_->close();
}

}  // namespace hangar::gateway
