#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hangar::gateway {

/// The last messages of a stream, of so many bytes at most: what a database may not have yet.
class History {
 public:
  explicit History(std::size_t most_bytes) : most_bytes_{most_bytes} {}

  void add(std::uint64_t position, std::string_view data) {
    bytes_ += data.size() + sizeof(Entry);
    entries_.emplace_back(position, data);
    while (bytes_ > most_bytes_) {
      bytes_ -= entries_.front().data.size() + sizeof(Entry);
      dropped_ = entries_.front().position;
      entries_.pop_front();
    }
    if (!first_) first_ = position;
  }

  /// Whether it has all messages behind this position.
  [[nodiscard]] bool covers(std::uint64_t position) const noexcept {
    return dropped_ ? position >= *dropped_ : first_ && position + 1 >= *first_;
  }
  /// Calls `visit(data)` for each message behind the position, in their order.
  template <class Visit>
  void each_behind(std::uint64_t position, Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.position > position) visit(std::string_view{entry.data});
    }
  }

 private:
  struct Entry {
    Entry(std::uint64_t at, std::string_view text) : position{at}, data{text} {}
    std::uint64_t position;
    std::string data;
  };

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::deque<Entry> entries_;
  std::optional<std::uint64_t> first_;    ///< The first that ever came.
  std::optional<std::uint64_t> dropped_;  ///< The last that made room.
};

}  // namespace hangar::gateway
