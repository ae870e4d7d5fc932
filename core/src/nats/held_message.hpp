#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/source.hpp"
#include "nats/ack_subject.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

class PullSession;

/// One delivery, from its arrival to its answer. For the session's strand.
class HeldMessage final : public Message::Delivery {
 public:
  HeldMessage(std::shared_ptr<PullSession> session, WireMessage message, const AckSubject& ack);
  ~HeldMessage() override;

  void ack() noexcept override;
  void give_back(std::chrono::milliseconds delay) noexcept override;
  [[nodiscard]] std::optional<std::string_view> header(const char* name) const override;

  /// What a service sees.
  Message::Facts hand_out() noexcept;
  /// The server delivered it again: the answer goes to where this copy came from.
  void delivered_again(std::string_view reply, const AckSubject& ack);
  /// No answer is sent from now on: it has one, or what delivered it is gone.
  void close() noexcept { closed_ = true; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Whether `message` is what the service has of this delivery.
  [[nodiscard]] bool handed_out_as(const Message& message) const noexcept {
    return in_use_ && body().data() == message.data().data();
  }

  /// Whether the service has it, and may read it.
  [[nodiscard]] bool in_use() const noexcept { return in_use_; }

  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view subject() const noexcept { return subject_of(*message_); }
  [[nodiscard]] std::string_view body() const noexcept { return body_of(*message_); }
  [[nodiscard]] Headers headers() const { return headers_of(*message_); }
  /// The subject that answers go to.
  [[nodiscard]] std::string reply() const;
  /// A message whose reply subject is that one; this object has no message any more.
  WireMessage release();

  /// When it arrived or when the server was last told that it is worked on.
  std::chrono::steady_clock::time_point signalled;

 private:
  std::shared_ptr<PullSession> session_;
  WireMessage message_;
  std::string newer_reply_;
  std::uint64_t sequence_;
  std::uint64_t deliveries_;
  std::chrono::sys_time<std::chrono::nanoseconds> stored_;
  std::uint64_t bytes_;
  bool in_use_ = false;
  bool closed_ = false;
};

}  // namespace hangar
