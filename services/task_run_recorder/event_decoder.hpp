#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "index_row.hpp"
#include "prefect/received_event.hpp"
#include "scratch.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// Turns message data into what the fold applies. Keeps its buffers between events, so each thread
/// has its own.
class EventDecoder {
 public:
  EventDecoder() = default;
  explicit EventDecoder(const prefect::EventLimits& limits) : event_limits_{limits} {}

  /// From now on refuses what a storage of these limits cannot hold; at first, of PostgreSQL's.
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

 private:
  prefect::EventLimits event_limits_;
  StorageLimits storage_limits_{.nul = false, .index_row = longest_index_row};
  prefect::JsonDocument document_;
  Scratch scratch_;
};

}  // namespace hangar::recorder
