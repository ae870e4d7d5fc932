#include "hangar/source.hpp"

#include <utility>

namespace hangar {

Source::~Source() = default;

boost::asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>>
Source::forced() {
  co_return std::nullopt;
}

Message::Delivery::~Delivery() = default;

Message& Message::operator=(Message&& other) noexcept {
  if (this != &other) {
    nak();
    content_ = std::exchange(other.content_, {});
    delivery_ = std::move(other.delivery_);
  }
  return *this;
}

Message::~Message() { nak(); }

void Message::drop_data(std::size_t kept) noexcept {
  content_.data = {};
  content_.subject = {};
  if (delivery_) delivery_->drop_data(kept);
}

void Message::ack() noexcept {
  if (auto delivery = std::exchange(delivery_, nullptr)) delivery->ack();
}

void Message::nak(std::chrono::milliseconds delay) noexcept {
  if (auto delivery = std::exchange(delivery_, nullptr)) delivery->nak(delay);
}

void Batch::ack() noexcept {
  for (Message& message : *this) message.ack();
}

}  // namespace hangar
