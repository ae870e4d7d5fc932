#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/source.hpp"
#include "jetstream/ack_subject.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

class HeldMessages;

/// One delivery, from its arrival to its answer. For the source's strand.
class HeldMessage final : public Message::Delivery {
 public:
  /// `reply` is the reply subject of the message, which arrived at `now`.
  HeldMessage(std::shared_ptr<HeldMessages> held, WireMessage message, std::string_view reply,
              const AckSubject& ack, std::chrono::steady_clock::time_point now);
  ~HeldMessage() override;

  void ack() noexcept override;
  void nak(std::chrono::milliseconds delay) noexcept override;
  void drop_data(std::size_t kept) noexcept override;
  [[nodiscard]] std::optional<std::string_view> header(const char* name) const override;

  /// What a service sees.
  Message::Content hand_out() noexcept;
  /// The server delivered it again: the answer goes to where this copy came
  /// from.
  void delivered_again(std::string_view reply, const AckSubject& ack);
  /// No answer is sent from now on: it has one, or what delivered it is gone.
  void close() noexcept { closed_ = true; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool is_of(const HeldMessages& held) const noexcept { return held_.get() == &held; }
  [[nodiscard]] bool has_data() const noexcept { return message_ != nullptr; }

  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// When the stream took it.
  [[nodiscard]] std::chrono::sys_time<std::chrono::nanoseconds> stored() const noexcept {
    return stored_;
  }
  [[nodiscard]] std::string_view subject() const noexcept { return subject_of(*message_); }
  [[nodiscard]] std::string_view body() const noexcept { return body_of(*message_); }
  [[nodiscard]] Headers headers() const { return headers_of(*message_); }
  /// The subject that answers go to.
  [[nodiscard]] std::string_view reply() const noexcept;
  /// The service has no more to do with it.
  void handed_back() noexcept { in_use_ = false; }
  /// Gives up the message, to be freed elsewhere; null when the service may
  /// still read it.
  WireMessage to_free() noexcept { return in_use_ ? nullptr : std::move(message_); }
  /// Counts as so many bytes from now on and gives up the message; it is null
  /// the second time.
  WireMessage without_data(std::uint64_t bytes);

  /// When it arrived or when the server was last told that it is worked on.
  std::chrono::steady_clock::time_point signalled;

 private:
  std::shared_ptr<HeldMessages> held_;
  WireMessage message_;
  std::string reply_;  ///< Unless the message is there and has the newest.
  std::uint64_t sequence_;
  std::uint64_t deliveries_;
  std::chrono::sys_time<std::chrono::nanoseconds> stored_;
  std::uint64_t bytes_;
  bool in_use_ = false;
  bool closed_ = false;
};

}  // namespace hangar
