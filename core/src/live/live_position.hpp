#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "jetstream/stream_info.hpp"

namespace hangar {

/// Where in a stream a live source is. Pure.
class LivePosition {
 public:
  /// Begins at `from`, or behind what the stream holds when it is seen first.
  explicit LivePosition(std::optional<std::uint64_t> from) noexcept : next_{from.value_or(0)} {}

  /// The stream as it is before a consumer is made that begins at `next`. Returns how many messages
  /// the stream dropped that nobody here has seen; a stream that is another one, or has lost its
  /// end, is seen from its beginning.
  std::uint64_t aim(const StreamInfo& stream);

  /// A message came: whether it was not seen before.
  bool arrived(std::uint64_t sequence, std::uint64_t pending) noexcept;
  /// The consumer that was made has so many to deliver.
  void pending(std::uint64_t messages) noexcept { pending_ = messages; }

  /// The position of the next message.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  /// Whether everything was seen that the stream held when it was aimed at first.
  [[nodiscard]] bool drained() const noexcept { return next_ > end_ || pending_ == 0; }

 private:
  std::uint64_t next_;  ///< 0: not known yet.
  std::uint64_t end_ = 0;
  std::uint64_t pending_ = 0;
  std::string created_;  ///< When the stream was, that was aimed at last; empty before.
};

}  // namespace hangar
