#include "turn_queue.hpp"

#include <algorithm>

namespace hangar::sqlite {

bool TurnQueue::enter(std::chrono::milliseconds patience) {
  std::unique_lock lock{mutex_};
  const std::uint64_t ticket = next_++;
  waiting_.push_back(ticket);
  if (changed_.wait_for(lock, patience, [&] { return waiting_.front() == ticket; })) return true;
  // Not the front one, so nobody's turn changes.
  waiting_.erase(std::ranges::find(waiting_, ticket));
  return false;
}

void TurnQueue::leave() noexcept {
  {
    const std::lock_guard lock{mutex_};
    waiting_.pop_front();
  }
  changed_.notify_all();
}

}  // namespace hangar::sqlite
