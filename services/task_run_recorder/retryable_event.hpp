#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "hangar/source.hpp"
#include "lanes.hpp"
#include "packed_event.hpp"

namespace hangar::recorder {

/// A message on its way into the database, from decoding to its answer.
struct RetryableEvent {
  Message message{};  ///< Without its data, which is decoded.
  std::uint64_t arrival;
  Lanes::Names names;
  Timestamp state_timestamp;
  PackedEvent event;
  std::size_t bytes;                     ///< What it takes of memory, the packed event included.
  bool suspect = false;                  ///< The storage refused it when it came before.
  std::unique_ptr<Rejection> refused{};  ///< What the storage said of it alone, for the last time.
  bool at_fault = false;                 ///< That is known already: no trial is needed.
  std::shared_ptr<std::byte[]> memory;   ///< Where it and its packed event are.
};

/// Makes events, side by side in chunks of memory as they come, for they are read and freed
/// together too: a chunk is freed with the last event in it. Not thread-safe, but events may be
/// destroyed by any thread and outlive it.
class EventPool {
 public:
  struct Destroy {
    void operator()(RetryableEvent* event) const noexcept {
      const auto memory = std::move(event->memory);
      std::destroy_at(event);
    }
  };
  using Event = std::unique_ptr<RetryableEvent, Destroy>;

  [[nodiscard]] Event event(const TaskRunEvent& decoded, std::uint64_t arrival) {
    const std::size_t bytes = sizeof(RetryableEvent) + PackedEvent::size(decoded);
    std::byte* const place = room(bytes);
    return Event{new (place) RetryableEvent{.arrival = arrival,
                                            .names = Lanes::names(decoded),
                                            .state_timestamp = decoded.state_timestamp(),
                                            .event = {decoded, place + sizeof(RetryableEvent)},
                                            .bytes = bytes,
                                            .memory = chunk_}};
  }

 private:
  static constexpr std::size_t chunk_size = 32U << 10U;

  /// So many bytes of `chunk_`.
  std::byte* room(std::size_t bytes) {
    constexpr std::size_t alignment = alignof(RetryableEvent);
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (!chunk_ || used_ + bytes > size_) {
      size_ = std::max(bytes, chunk_size);
      chunk_ = std::make_unique_for_overwrite<std::byte[]>(size_);
      used_ = 0;
    }
    return chunk_.get() + std::exchange(used_, used_ + bytes);
  }

  std::shared_ptr<std::byte[]> chunk_;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
};

}  // namespace hangar::recorder
