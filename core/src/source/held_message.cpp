#include "source/held_message.hpp"

#include <utility>

#include "source/held_messages.hpp"

namespace hangar {

HeldMessage::HeldMessage(std::shared_ptr<HeldMessages> held, WireMessage message,
                         std::string_view reply, const AckSubject& ack,
                         std::chrono::steady_clock::time_point now)
    : signalled{now},
      held_{std::move(held)},
      message_{std::move(message)},
      sequence_{ack.stream_sequence},
      deliveries_{ack.deliveries},
      stored_{ack.stored},
      bytes_{body().size() + subject().size() + reply.size()} {}

HeldMessage::~HeldMessage() { held_->nak(*this, {}); }

void HeldMessage::ack() noexcept {
  handed_back();
  held_->ack(*this);
}

void HeldMessage::nak(std::chrono::milliseconds delay) noexcept {
  handed_back();
  held_->nak(*this, delay);
}

void HeldMessage::drop_data(std::size_t kept) noexcept { held_->drop_data(*this, kept); }

std::optional<std::string_view> HeldMessage::header(const char* name) const {
  return message_ ? header_of(*message_, name) : std::nullopt;
}

Message::Content HeldMessage::hand_out() noexcept {
  in_use_ = true;
  return {.data = body(),
          .subject = subject(),
          .sequence = sequence_,
          .deliveries = deliveries_,
          .stored = stored_};
}

void HeldMessage::delivered_again(std::string_view reply, const AckSubject& ack) {
  reply_ = reply;
  deliveries_ = ack.deliveries;
}

std::string_view HeldMessage::reply() const noexcept {
  return reply_.empty() ? reply_of(*message_) : reply_;
}

WireMessage HeldMessage::without_data(std::uint64_t bytes) {
  if (!message_) return nullptr;
  if (reply_.empty()) reply_ = reply_of(*message_);
  bytes_ = bytes;
  return std::move(message_);
}

}  // namespace hangar
