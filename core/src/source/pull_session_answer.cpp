// How a PullSession answers for its messages.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "source/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {

using namespace std::chrono_literals;

void PullSession::count_held() {
  counters_->held.set(held_.size());
  counters_->held_bytes.set(credit_.held().bytes);
}

void PullSession::answer(HeldMessage& message, std::string_view body) {
  held_.erase(message.sequence());
  message.close();
  credit_.released(message.bytes());
  outbox_.add(message.reply(), body);
  outbox_.free(message.spent());
}

void PullSession::ack(HeldMessage& message) noexcept {
  if (message.closed()) return;
  counters_->acked.add();
  answer(message, "+ACK");
}

void PullSession::give_back(HeldMessage& message, std::chrono::milliseconds delay) noexcept {
  if (message.closed()) return;
  counters_->given_back.add();
  answer(message, delay > 0ms ? fmt::format(R"(-NAK {{"delay":{}}})",
                                            std::chrono::nanoseconds{delay}.count())
                              : "-NAK");
}

void PullSession::forget(HeldMessage& message, std::size_t kept) noexcept {
  const std::uint64_t before = message.bytes();
  WireMessage received = message.forgotten(kept);
  if (!received) return;
  if (!message.closed()) credit_.weighs(before, message.bytes());
  outbox_.free_data(std::move(received), before);
}

void PullSession::gone(const HeldMessage& message) noexcept {
  if (!message.closed()) held_.erase(message.sequence());
}

void PullSession::unbind() noexcept {
  verified_ = false;
  outbox_.shut();
}

// The answers of a whole batch leave together.
void PullSession::flush(AckOutbox::Flush when) {
  if (when == AckOutbox::Flush::now) return send_answers();
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void PullSession::send_answers() {
  std::vector<Outgoing> items = outbox_.take();
  // When it is not sent, the link is down and will say so.
  if (!items.empty() && !link_->send(items)) outbox_.put_back(items);
}

void PullSession::flush() {
  count_held();
  send_answers();
  pump();
}

}  // namespace hangar
