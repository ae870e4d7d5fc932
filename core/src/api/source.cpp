#include "hangar/source.hpp"

#include <utility>

#include "async/storage_thread.hpp"

namespace hangar {

Source::~Source() = default;

boost::asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>>
Source::forced() {
  co_return std::nullopt;
}

Message::Delivery::~Delivery() = default;

Message& Message::operator=(Message&& other) noexcept {
  if (this != &other) {
    give_back();
    content_ = std::exchange(other.content_, {});
    delivery_ = std::move(other.delivery_);
  }
  return *this;
}

Message::~Message() { give_back(); }

void Message::give_back() noexcept {
  if (!delivery_) return;
  if (auto* const dropped = StorageThread::dropped()) {
    dropped->emplace_back(Content{}, std::move(delivery_));
    return;
  }
  std::exchange(delivery_, nullptr)->nak({});
}

void Message::drop_data(std::size_t kept) {
  StorageThread::refuse("Message::drop_data");
  content_.data = {};
  content_.subject = {};
  if (delivery_) delivery_->drop_data(kept);
}

void Message::ack() {
  StorageThread::refuse("Message::ack");
  if (auto delivery = std::exchange(delivery_, nullptr)) delivery->ack();
}

void Message::nak(std::chrono::milliseconds delay) {
  StorageThread::refuse("Message::nak");
  if (auto delivery = std::exchange(delivery_, nullptr)) delivery->nak(delay);
}

void Batch::ack() {
  for (Message& message : *this) message.ack();
}

}  // namespace hangar
