// How a PullSession answers for its messages.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "source/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

// A batch is read in one go, and its memory shall be free for the next one meanwhile.
constexpr std::uint64_t forgotten_at_once = 256U << 10U;

}  // namespace

void PullSession::count_held() {
  counters_->held.set(held_.size());
  counters_->held_bytes.set(credit_.held().bytes);
}

void PullSession::answer(HeldMessage& message, std::string_view body) {
  held_.erase(message.sequence());
  message.close();
  credit_.released(message.bytes());
  answers_.add(message.reply(), body);
  spend(message.spent());
  flush_soon();
}

// While nothing is sent, nothing is handed on either.
void PullSession::spend(WireMessage message) {
  if (message && verified_) spent_.push_back(std::move(message));
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
  if (!verified_) return;
  spend(std::move(received));
  forgotten_bytes_ += before;
  if (forgotten_bytes_ < forgotten_at_once) {
    flush_soon();
  } else {
    send_answers();
  }
}

void PullSession::gone(const HeldMessage& message) noexcept {
  if (!message.closed()) held_.erase(message.sequence());
}

// The answers of a whole batch leave together.
void PullSession::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void PullSession::send_answers() {
  if (!verified_ || ending_pulls_ || (answers_.empty() && spent_.empty())) return;
  forgotten_bytes_ = 0;
  std::vector<Outgoing> items;
  items.emplace_back(std::exchange(answers_, {}));
  items.emplace_back(Spent{std::exchange(spent_, std::vector<WireMessage>{})});
  // When it is not sent, the link is down and will say so.
  if (!link_->send(items)) answers_ = std::get<Answers>(std::move(items.front()));
}

void PullSession::flush() {
  flush_posted_ = false;
  count_held();
  send_answers();
  pump();
}

}  // namespace hangar
