#include "source/held_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace hangar {
namespace {

// In nanoseconds it is a number that the server can read.
constexpr std::chrono::milliseconds longest_delay = std::chrono::hours{24 * 365};

// What a server or a key-value client stores where it has deleted messages: no event.
bool is_marker(natsMsg& message) {
  if (!body_of(message).empty()) return false;
  const auto has = [&](const char* name) { return header_of(message, name).has_value(); };
  return has("Nats-Marker-Reason") || has("Nats-Rollup") || has("KV-Operation");
}

}  // namespace

void HeldMessages::count() noexcept {
  counters_->held.set(held_.size());
  counters_->held_bytes.set(credit_.held().bytes);
}

void HeldMessages::arrived(WireMessage message, std::string_view reply, const AckSubject& ack,
                           Time now) {
  if (is_marker(*message)) {
    counters_->received.add();
    counters_->acked.add();
    return pass_over(std::move(message), reply);
  }
  if (const auto found = held_.find(ack.stream_sequence); found != held_.end()) {
    found->second->delivered_again(reply, ack);
    counters_->copies.add();
    return;
  }
  counters_->received.add();
  if (ack.deliveries > 1) counters_->redelivered.add();
  auto held =
      std::make_unique<HeldMessage>(shared_from_this(), std::move(message), reply, ack, now);
  held_.emplace(held->sequence(), held.get());
  credit_.arrived(held->bytes());
  ready_bytes_ += held->bytes();
  ready_.push_back(std::move(held));
  count();
}

void HeldMessages::pass_over(WireMessage message, std::string_view reply) {
  outbox_.add(reply, "+ACK");
  outbox_.free(std::move(message));
}

Batch HeldMessages::take(std::size_t limit, Time now) {
  taken_ = now;
  Batch batch;
  batch.reserve(std::min(limit, ready_.size()));
  std::uint64_t bytes = 0;
  while (!ready_.empty() && batch.size() < limit) {
    HeldMessage& held = *ready_.front();
    if (!batch.empty() && bytes + held.bytes() > batch_bytes_) break;
    bytes += held.bytes();
    batch.emplace_back(held.hand_out(), std::move(ready_.front()));
    ready_.pop_front();
  }
  ready_bytes_ -= bytes;
  return batch;
}

void HeldMessages::check_rejectable(const Message& message) const {
  if (message.delivery() == nullptr) {
    throw std::logic_error{"a message cannot be rejected that has its answer or was moved away"};
  }
  const auto* const held = dynamic_cast<const HeldMessage*>(message.delivery());
  if (held == nullptr || !held->is_of(*this)) {
    throw std::logic_error{"a message is rejected at another source than the one that it is of"};
  }
  if (held->has_data()) return;
  throw std::logic_error{
      fmt::format("message {} cannot be rejected without its data: give it back, and reject it "
                  "when it comes again",
                  held->sequence())};
}

HeldMessage* HeldMessages::find(const Message& message) noexcept {
  auto* const held = dynamic_cast<HeldMessage*>(message.delivery());
  return held != nullptr && !held->closed() && held->has_data() ? held : nullptr;
}

void HeldMessages::answer(HeldMessage& message, std::string_view body) {
  held_.erase(message.sequence());
  message.close();
  credit_.released(message.bytes());
  outbox_.add(message.reply(), body);
  outbox_.free(message.to_free());
  count();
}

void HeldMessages::ack(HeldMessage& message) noexcept {
  if (message.closed()) return;
  counters_->acked.add();
  answer(message, "+ACK");
}

void HeldMessages::nak(HeldMessage& message, Milliseconds delay) noexcept {
  if (message.closed()) return;
  counters_->nacked.add();
  delay = std::min(delay, longest_delay);
  answer(message,
         delay > Milliseconds::zero()
             ? fmt::format(R"(-NAK {{"delay":{}}})", std::chrono::nanoseconds{delay}.count())
             : "-NAK");
}

void HeldMessages::reject(HeldMessage& message) noexcept {
  if (message.closed()) return;
  counters_->rejected.add();
  message.handed_back();
  answer(message, "+ACK");
}

void HeldMessages::drop_data(HeldMessage& message, std::size_t kept) noexcept {
  const std::uint64_t before = message.bytes();
  WireMessage received = message.without_data(kept);
  if (!received) return;
  if (!message.closed()) credit_.weighs(before, message.bytes());
  count();
  outbox_.free_data(std::move(received), before);
}

void HeldMessages::nak_what_is_ready() noexcept {
  for (const auto& held : ready_) nak(*held, {});
  ready_.clear();
  ready_bytes_ = 0;
}

void HeldMessages::nak_all(const std::function<Milliseconds()>& delay) noexcept {
  while (!held_.empty()) nak(*held_.begin()->second, delay());
  nak_what_is_ready();
}

void HeldMessages::abandon() noexcept {
  counters_->abandoned.add(held_.size());
  for (auto& [sequence, held] : held_) held->close();
  held_.clear();
  nak_what_is_ready();
  outbox_.abandon();
  credit_.abandoned();
  count();
}

std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> HeldMessages::oldest_stored()
    const noexcept {
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> oldest;
  for (const auto& [sequence, held] : held_) {
    if (!oldest || held->stored() < *oldest) oldest = held->stored();
  }
  return oldest;
}

std::vector<std::string> HeldMessages::due(Time now, std::chrono::nanoseconds after) {
  std::vector<std::string> replies;
  for (auto& [sequence, held] : held_) {
    if (now - held->signalled < after) continue;
    held->signalled = now;
    replies.emplace_back(held->reply());
  }
  counters_->in_progress.add(replies.size());
  return replies;
}

}  // namespace hangar
