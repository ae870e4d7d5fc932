#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <list>
#include <utility>

#include "out/subscriber.hpp"

namespace hangar::gateway {

/// So many subscribers at a time, in the order in which they came. For one strand; outlives those
/// who wait.
class Turns {
 public:
  explicit Turns(std::size_t most) : free_{most} {}

  /// It ends with this.
  class Turn {
   public:
    explicit Turn(Turns* of) noexcept : turns_{of} {}
    Turn(Turn&& other) noexcept : turns_{std::exchange(other.turns_, nullptr)} {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->pass_on();
    }
    explicit operator bool() const noexcept { return turns_ != nullptr; }

   private:
    Turns* turns_;
  };

  /// None where the subscriber ends first.
  boost::asio::awaitable<Turn> take(Subscriber& subscriber) {
    if (free_ > 0) {
      --free_;
      co_return Turn{this};
    }
    const auto mine = waiting_.emplace(waiting_.end(), &subscriber);
    while (!mine->has_turn && !subscriber.ended()) co_await subscriber.changed();
    Turn turn{mine->has_turn ? this : nullptr};
    waiting_.erase(mine);
    co_return turn;
  }

 private:
  struct Waiting {
    explicit Waiting(Subscriber* one) noexcept : subscriber{one} {}
    Subscriber* subscriber;
    bool has_turn = false;
  };

  void pass_on() {
    for (Waiting& next : waiting_) {
      if (next.has_turn) continue;
      next.has_turn = true;
      next.subscriber->wake();
      return;
    }
    ++free_;
  }

  std::list<Waiting> waiting_;
  std::size_t free_;
};

}  // namespace hangar::gateway
