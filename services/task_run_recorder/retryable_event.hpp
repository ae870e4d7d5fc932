#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>

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
  std::size_t bytes = 0;  ///< What it takes of memory, the packed event included.
  int persist_attempts = 0;
  std::unique_ptr<Rejection> refused{};  ///< What the storage said of it alone, for the last time.
};

/// Where events have their memory, a block each, used again and again. Not thread-safe. Events may
/// outlive it, as those of a coroutine do that ends with its executor.
class EventPool {
  using Blocks = std::pmr::unsynchronized_pool_resource;

 public:
  struct GiveBack {
    std::shared_ptr<Blocks> blocks{};
    void operator()(RetryableEvent* event) const {
      const std::size_t bytes = event->bytes;
      std::destroy_at(event);
      blocks->deallocate(event, bytes, alignof(RetryableEvent));
    }
  };
  using Event = std::unique_ptr<RetryableEvent, GiveBack>;

  [[nodiscard]] Event event(const TaskRunEvent& decoded, std::uint64_t arrival) {
    const std::size_t bytes = sizeof(RetryableEvent) + PackedEvent::size(decoded);
    void* const block = blocks_->allocate(bytes, alignof(RetryableEvent));
    auto* const packed = static_cast<std::byte*>(block) + sizeof(RetryableEvent);
    return Event{new (block) RetryableEvent{.arrival = arrival,
                                            .names = Lanes::names(decoded),
                                            .state_timestamp = decoded.state_timestamp(),
                                            .event = {decoded, packed},
                                            .bytes = bytes},
                 {blocks_}};
  }

 private:
  // It grows by so many blocks; by itself it would double.
  std::shared_ptr<Blocks> blocks_ =
      std::make_shared<Blocks>(std::pmr::pool_options{.max_blocks_per_chunk = 256});
};

}  // namespace hangar::recorder
