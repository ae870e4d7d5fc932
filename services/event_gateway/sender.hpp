#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "hangar/event.hpp"

namespace hangar::gateway {

/// A client that sends, over one connection or by one request, and which of the messages that it
/// has caused are stored. For one strand.
class Sender {
 public:
  using Clock = std::chrono::steady_clock;

  Sender(boost::asio::any_io_executor executor, std::string peer)
      : peer_{std::move(peer)}, changed_{std::move(executor)} {}

  /// Its address.
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

  /// The number of a message that is to be stored: 1, 2, 3.
  std::uint64_t begin() {
    stored_.push_back(false);
    return begun();
  }
  void stored(std::uint64_t number) {
    stored_.at(static_cast<std::size_t>(number - first_)) = true;
    while (!stored_.empty() && stored_.front()) {
      stored_.pop_front();
      ++first_;
    }
    changed_.wake_all();
  }
  /// It will not be known whether one is stored.
  void failed() {
    failed_ = true;
    changed_.wake_all();
  }

  /// The number of the latest message.
  [[nodiscard]] std::uint64_t begun() const noexcept { return first_ + stored_.size() - 1; }
  [[nodiscard]] bool all_stored(std::uint64_t up_to) const noexcept { return up_to < first_; }

  void wake() { changed_.wake_all(); }
  /// Returns when anything of this changes, or at the deadline.
  boost::asio::awaitable<void> next(Clock::time_point deadline) {
    return changed_.wait_until(deadline);
  }
  /// Whether all messages up to this one are stored; waits for it until the deadline.
  boost::asio::awaitable<bool> wait(std::uint64_t up_to,
                                    Clock::time_point deadline = Clock::time_point::max()) {
    while (!all_stored(up_to) && !failed_ && Clock::now() < deadline) {
      co_await changed_.wait_until(deadline);
    }
    co_return all_stored(up_to);
  }

 private:
  std::string peer_;
  Condition changed_;
  std::uint64_t first_ = 1;  ///< The oldest message that is not stored.
  std::deque<bool> stored_;  ///< Of the messages from there on.
  bool failed_ = false;
};

}  // namespace hangar::gateway
