#include "source/ack_outbox.hpp"

#include <utility>

namespace hangar {
namespace {

// A batch is read in one go, and its memory shall be free for the next one meanwhile.
constexpr std::uint64_t data_at_once = 256U << 10U;

}  // namespace

void AckOutbox::ask(Flush when) {
  if (flush_ && (when == Flush::now || !std::exchange(asked_, true))) flush_(when);
}

void AckOutbox::add(std::string_view subject, std::string_view body) {
  acks_.add(subject, body);
  ask(Flush::soon);
}

void AckOutbox::free(WireMessage message) {
  if (message && open_) to_free_.push_back(std::move(message));
}

void AckOutbox::free_data(WireMessage message, std::uint64_t bytes) {
  if (!open_) return;
  free(std::move(message));
  data_bytes_ += bytes;
  ask(data_bytes_ < data_at_once ? Flush::soon : Flush::now);
}

std::vector<Outgoing> AckOutbox::take() {
  asked_ = false;
  std::vector<Outgoing> items;
  if (!open_ || held_back_ || (acks_.empty() && to_free_.empty())) return items;
  data_bytes_ = 0;
  items.emplace_back(std::exchange(acks_, {}));
  items.emplace_back(ToFree{std::exchange(to_free_, std::vector<WireMessage>{})});
  return items;
}

void AckOutbox::put_back(const std::vector<Outgoing>& unsent) {
  Answers acks;
  for (const Outgoing& item : unsent) {
    if (const auto* earlier = std::get_if<Answers>(&item)) acks.add(*earlier);
  }
  acks.add(acks_);
  acks_ = std::move(acks);
}

}  // namespace hangar
