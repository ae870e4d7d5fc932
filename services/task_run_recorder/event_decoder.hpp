#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/batch_target.hpp"
#include "packed_event.hpp"
#include "prefect/received_event.hpp"
#include "scratch.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// Run id, natural key and state id: a run is the connected component over these among the events
/// in flight, and its events stay in order.
ItemNames names_of(const TaskRunEvent& event);

/// The event as it waits for its transaction, packed into the memory.
Decoded<PackedEvent> item_of(const TaskRunEvent& event, ItemMemory& memory);

/// Turns message data into what the fold applies. Keeps its buffers between events, so each thread
/// has its own.
class EventDecoder {
 public:
  EventDecoder() = default;
  explicit EventDecoder(const prefect::EventLimits& limits) : event_limits_{limits} {}

  /// From now on refuses what a storage of these limits cannot hold; at first, U+0000 alone.
  void fit(const StorageLimits& limits) {
    storage_limits_ = limits;
    document_.look_for_nul(!limits.nul);
  }

  /// Nothing when the message is an event that the recorder does not count. The result points into
  /// `texts`, not into `json`. `now` is the present: the time of a scheduled
  /// state that has none. Throws a DataError with reason and JSON pointer for a message that the
  /// reference cannot record.
  std::optional<TaskRunEvent> decode(std::string_view json, Timestamp now,
                                     std::pmr::memory_resource& texts);
  /// The same for a batch writer, now.
  std::optional<Decoded<PackedEvent>> item(const Message& message, ItemMemory& memory);

 private:
  prefect::EventLimits event_limits_;
  StorageLimits storage_limits_{.nul = false};
  prefect::JsonDocument document_;
  Scratch scratch_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
};

}  // namespace hangar::recorder
