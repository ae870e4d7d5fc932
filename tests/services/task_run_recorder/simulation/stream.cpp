#include "stream.hpp"

#include <algorithm>
#include <utility>

namespace hangar::simulation {
namespace {

constexpr std::uint64_t ack_wait = 200;

}  // namespace

Stream::Stream(std::vector<std::string> messages, Random& random)
    : messages_{std::move(messages)}, random_{random} {
  for (std::size_t i = 0; i < messages_.size(); ++i) waiting_.emplace(0, i);
}

std::vector<std::size_t> Stream::deliver(std::size_t replica, std::size_t limit) {
  std::vector<std::size_t> delivered;
  auto& held = held_[replica];
  const auto due_end = waiting_.upper_bound(now_);
  for (auto next = waiting_.begin(); next != due_end && delivered.size() < limit;) {
    const std::size_t message = next->second;
    // A source merges the copy of what it holds; it stays for the others.
    if (held.contains(message) || one_in(random_, 20)) {
      ++next;
      continue;
    }
    next = waiting_.erase(next);
    if (acked_.contains(message)) continue;
    held.insert(message);
    delivered.push_back(message);
    // The server may think too early that the replica is gone.
    if (one_in(random_, 40)) waiting_.emplace(now_ + ack_wait, message);
  }
  return delivered;
}

void Stream::ack(std::size_t replica, std::size_t message) {
  if (held_[replica].erase(message) == 0) return;
  if (one_in(random_, 30)) {
    waiting_.emplace(now_ + ack_wait, message);  // The ack got lost.
  } else {
    acked_.insert(message);
  }
}

void Stream::nak(std::size_t replica, std::size_t message, std::uint64_t delay) {
  if (held_[replica].erase(message) != 0) waiting_.emplace(now_ + delay, message);
}

void Stream::lose(std::size_t replica) {
  for (const std::size_t message : std::exchange(held_[replica], {})) {
    waiting_.emplace(now_ + ack_wait, message);
  }
}

void Stream::store_dead_letter(std::size_t message, const std::string& reason) {
  dead_letters_.emplace(message, reason);
}

bool Stream::due(std::size_t replica) const {
  const auto held = held_.find(replica);
  return std::any_of(waiting_.begin(), waiting_.upper_bound(now_), [&](const auto& entry) {
    return held == held_.end() || !held->second.contains(entry.second);
  });
}

bool Stream::skip_ahead() {
  const auto next = waiting_.upper_bound(now_);
  if (next == waiting_.end()) return false;
  now_ = next->first;
  return true;
}

}  // namespace hangar::simulation
