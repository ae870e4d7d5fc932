#include "nats/held_message.hpp"

#include <utility>

#include "nats/pull_session.hpp"

namespace hangar {

HeldMessage::HeldMessage(std::shared_ptr<PullSession> session, WireMessage message,
                         const AckSubject& ack)
    : signalled{std::chrono::steady_clock::now()},
      session_{std::move(session)},
      message_{std::move(message)},
      sequence_{ack.stream_sequence},
      deliveries_{ack.deliveries},
      stored_{ack.stored},
      bytes_{body().size() + subject().size() + reply_of(*message_).size()} {}

HeldMessage::~HeldMessage() { session_->forget(*this); }

void HeldMessage::ack() noexcept { session_->ack(*this); }

void HeldMessage::give_back(std::chrono::milliseconds delay) noexcept {
  in_use_ = false;
  session_->give_back(*this, delay);
}

std::optional<std::string_view> HeldMessage::header(const char* name) const {
  return header_of(*message_, name);
}

Message::Facts HeldMessage::hand_out() noexcept {
  in_use_ = true;
  return {.data = body(),
          .subject = subject(),
          .sequence = sequence_,
          .deliveries = deliveries_,
          .stored = stored_};
}

void HeldMessage::delivered_again(std::string_view reply, const AckSubject& ack) {
  newer_reply_ = reply;
  deliveries_ = ack.deliveries;
}

std::string HeldMessage::reply() const {
  return newer_reply_.empty() ? std::string{reply_of(*message_)} : newer_reply_;
}

WireMessage HeldMessage::release() {
  if (newer_reply_.empty()) return std::move(message_);
  return make_message("answer", newer_reply_, {});
}

}  // namespace hangar
