#include "turn_queue.hpp"

#include <algorithm>

namespace hangar::sqlite {

bool TurnQueue::enter(std::chrono::milliseconds patience) {
  std::unique_lock lock{mutex_};
  const std::uint64_t ticket = next_++;
  arrived_.push_back(ticket);
  if (changed_.wait_for(lock, patience, [&] { return arrived_.front() == ticket; })) return true;
  // Not the front one, so nobody's turn changes.
  arrived_.erase(std::ranges::find(arrived_, ticket));
  return false;
}

void TurnQueue::leave() noexcept {
  {
    const std::lock_guard lock{mutex_};
    arrived_.pop_front();
  }
  changed_.notify_all();
}

std::size_t TurnQueue::waiting() const {
  const std::lock_guard lock{mutex_};
  return arrived_.empty() ? 0 : arrived_.size() - 1;
}

}  // namespace hangar::sqlite
