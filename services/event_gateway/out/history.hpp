#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace hangar::gateway {

/// The last messages of a stream, of so many bytes at most: what a database may not have yet.
class History {
 public:
  struct Entry {
    Entry(std::uint64_t at, std::string_view text) : position{at}, data{text} {}
    std::uint64_t position;
    std::string data;
  };

  explicit History(std::size_t most_bytes) : most_bytes_{most_bytes} {}

  void add(std::uint64_t position, std::string_view data) {
    // Another stream of that name has begun.
    if (!entries_.empty() && position <= entries_.back().position) forget();
    bytes_ += data.size() + sizeof(Entry);
    entries_.emplace_back(position, data);
    if (!begin_) begin_ = position - 1;
    while (bytes_ > most_bytes_) {
      bytes_ -= entries_.front().data.size() + sizeof(Entry);
      begin_ = entries_.front().position;
      dropped_ = true;
      entries_.pop_front();
    }
  }
  /// Nothing is between this position and the first message that was ever added, or will be.
  void nothing_before(std::uint64_t position) {
    if (!dropped_ && (!begin_ || position < *begin_)) begin_ = position;
  }

  /// The position behind which it has all messages; none before that is known.
  [[nodiscard]] std::optional<std::uint64_t> begin() const noexcept { return begin_; }
  [[nodiscard]] bool covers(std::uint64_t position) const noexcept {
    return begin_ && position >= *begin_;
  }
  /// The first message behind the position; null when there is none. Until the next `add`.
  [[nodiscard]] const Entry* behind(std::uint64_t position) const {
    const auto found = std::ranges::upper_bound(entries_, position, {}, &Entry::position);
    return found == entries_.end() ? nullptr : &*found;
  }

 private:
  void forget() {
    entries_.clear();
    bytes_ = 0;
    begin_.reset();
    dropped_ = false;
  }

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::deque<Entry> entries_;
  std::optional<std::uint64_t> begin_;
  bool dropped_ = false;  ///< Whether a message made room.
};

}  // namespace hangar::gateway
