#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "hangar/event.hpp"
#include "hangar/table.hpp"
#include "out/event_filter.hpp"

namespace hangar::gateway {

/// An event as subscribers are sent it.
struct EventFrame {
  Uuid id;
  std::string text;
};

/// Who wants some of the events, and those that wait to be sent: so many bytes at most. For one
/// strand.
class Subscriber {
 public:
  Subscriber(boost::asio::any_io_executor executor, EventFilter filter, std::size_t most_bytes)
      : filter_{std::move(filter)}, most_bytes_{most_bytes}, changed_{std::move(executor)} {}

  [[nodiscard]] const EventFilter& filter() const noexcept { return filter_; }

  /// Has no effect on one that was too slow, or has ended.
  void offer(const std::shared_ptr<const EventFrame>& frame) {
    if (slow_ || ended_) return;
    waiting_bytes_ += frame->text.size();
    slow_ = waiting_bytes_ > most_bytes_;
    if (slow_) {
      waiting_.clear();
    } else {
      waiting_.push_back(frame);
    }
    changed_.wake_all();
  }
  /// The next one; null when there is none any more.
  boost::asio::awaitable<std::shared_ptr<const EventFrame>> next() {
    while (waiting_.empty() && !slow_ && !ended_) co_await changed_.wait();
    if (waiting_.empty() || ended_) co_return nullptr;
    std::shared_ptr<const EventFrame> frame = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= frame->text.size();
    co_return frame;
  }
  /// Nothing more is sent.
  void end() {
    ended_ = true;
    waiting_.clear();
    changed_.wake_all();
  }
  /// The same for one whose filter takes too many steps.
  void end_costly() {
    costly_ = true;
    end();
  }

  using StreamTime = std::chrono::sys_time<std::chrono::nanoseconds>;
  /// It was sent what it wants of the stream up to this message, which came there at that time.
  void had_up_to(std::uint64_t position, StreamTime stored) noexcept {
    had_position_ = position;
    had_stored_ = stored;
  }
  /// Whether that message was among them. One that came later is of another stream of that name,
  /// whatever its position.
  [[nodiscard]] bool has_had(std::uint64_t position, StreamTime stored) const noexcept {
    return position <= had_position_ && stored <= had_stored_;
  }

  /// Returns when something of this has changed, or at `wake`.
  boost::asio::awaitable<void> changed() { return changed_.wait(); }
  void wake() { changed_.wake_all(); }

  /// Whether more waited than may, and all of that is gone.
  [[nodiscard]] bool slow() const noexcept { return slow_; }
  [[nodiscard]] bool costly() const noexcept { return costly_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

  std::uint64_t asked = 0;  ///< The last event that it was asked about: for `SubscriberIndex`.

 private:
  const EventFilter filter_;
  const std::size_t most_bytes_;
  Condition changed_;
  std::deque<std::shared_ptr<const EventFrame>> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t had_position_ = 0;
  StreamTime had_stored_{};
  bool slow_ = false;
  bool costly_ = false;
  bool ended_ = false;
};

}  // namespace hangar::gateway
