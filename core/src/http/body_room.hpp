#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace hangar {

/// Memory that the bodies of a listener's requests have together. Where it is not enough, the one
/// that has been read for longest gives way: who sends half of one and waits holds up nobody. For
/// one strand.
class BodyRoom {
 public:
  explicit BodyRoom(std::size_t most) noexcept : most_{most} {}

  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  /// What one request has of it.
  class Share {
   public:
    /// `give_way` is called when another one needs what this has, which is then counted no more.
    Share(BodyRoom& room, std::function<void()> give_way)
        : room_{room}, give_way_{std::move(give_way)} {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      end_growing();
      room_.used_ -= bytes_;
    }

    /// False where there is no room, and none gives way but this.
    bool grow_to(std::size_t bytes) {
      if (bytes_ == 0 && bytes > 0) room_.growing_.push_back(this);
      room_.used_ += bytes - bytes_;
      bytes_ = bytes;
      while (room_.used_ > room_.most_) {
        if (room_.growing_.empty() || room_.growing_.front() == this) return false;
        room_.growing_.front()->leave();
      }
      return true;
    }
    /// All of it has come.
    void end_growing() { std::erase(room_.growing_, this); }

   private:
    void leave() {
      end_growing();
      room_.used_ -= std::exchange(bytes_, 0);
      give_way_();
    }

    BodyRoom& room_;
    const std::function<void()> give_way_;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t most_;
  std::size_t used_ = 0;
  std::deque<Share*> growing_;  ///< In the order in which they began.
};

}  // namespace hangar
