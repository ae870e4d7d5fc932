#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <utility>

#include "hangar/event.hpp"

namespace hangar {

/// Memory that the connections of a listener have together, beside the little that each has of its
/// own, so that many large messages that never end take no more than a few. For one strand.
class SharedRoom {
 public:
  SharedRoom(boost::asio::any_io_executor executor, std::size_t most)
      : most_{most}, changed_{std::move(executor)} {}

  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  /// What one connection has of it.
  class Share {
   public:
    explicit Share(SharedRoom& room) noexcept : room_{room} {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      become(0, 0);
      end_growing();
    }

    /// Takes more, or gives back. `whole` of it are messages that wait for their readers.
    void become(std::size_t bytes, std::size_t whole) {
      const bool less = bytes < bytes_;
      const bool waited = waits_for_readers();
      room_.used_ = room_.used_ - bytes_ + bytes;
      room_.whole_ = room_.whole_ - whole_ + whole;
      bytes_ = bytes;
      whole_ = whole;
      if (room_.growing_.empty()) return;
      if ((less && room_.used_ <= room_.most_) || waited != waits_for_readers()) wake();
    }
    /// Whether those that are whole have all the room: their readers make some.
    [[nodiscard]] bool waits_for_readers() const noexcept { return room_.whole_ > room_.most_; }
    /// Whether it may take more. Where those that grow leave no room, the one that has grown for
    /// longest may all the same: were they all to wait for each other, none would end.
    bool may_grow() {
      if (room_.used_ <= room_.most_ || bytes_ == 0) return true;
      if (!grows_) room_.growing_.push_back(this);
      grows_ = true;
      return room_.growing_.front() == this && !waits_for_readers();
    }
    /// It has all that it needs.
    void end_growing() {
      if (!std::exchange(grows_, false)) return;
      std::erase(room_.growing_, this);
      wake();
    }
    /// Returns when there may be room.
    boost::asio::awaitable<void> wait() { return room_.changed_.wait(); }
    void wake() { room_.changed_.wake_all(); }

   private:
    SharedRoom& room_;
    std::size_t bytes_ = 0;
    std::size_t whole_ = 0;  ///< Of these.
    bool grows_ = false;
  };

 private:
  const std::size_t most_;
  std::size_t used_ = 0;
  std::size_t whole_ = 0;       ///< Of what is used.
  std::deque<Share*> growing_;  ///< Those that found no room, in their order.
  Condition changed_;
};

}  // namespace hangar
