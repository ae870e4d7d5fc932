#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "field_reader.hpp"
#include "index_row.hpp"
#include "json_document.hpp"
#include "scratch.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// Prefect's settings `server.events.maximum_*` with Prefect's defaults.
struct EventLimits {
  std::size_t labels_per_resource = 500;
  std::size_t related_resources = 100;
  std::size_t event_name_length = 1024;  ///< In characters.
};

/// An event as `prefect.server.events.schemas.events.ReceivedEvent` has it, checked as a whole. The
/// values live as long as the document.
struct ReceivedEvent {
  Uuid id;
  ZonedTime occurred;
  JsonValue occurred_source;
  std::string_view event;
  JsonValue resource_id;
  std::string_view orchestration;
  /// The id of the first related resource in the role `flow-run`.
  JsonValue flow_run_resource_id;
  JsonValue payload;

  /// Whether the recorder counts it: `prefect.task-run*` from a client's orchestration.
  [[nodiscard]] bool is_client_task_run() const noexcept {
    return event.starts_with("prefect.task-run") && orchestration == "client";
  }
};

/// Throws a DataError when the value is no such event.
ReceivedEvent read_event(const FieldReader& reader, JsonValue root, const EventLimits& limits);

/// Turns message data into what the fold applies. Keeps its buffers between events, so each thread
/// has its own.
class EventDecoder {
 public:
  EventDecoder() = default;
  explicit EventDecoder(const EventLimits& limits) : event_limits_{limits} {}

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
  EventLimits event_limits_;
  StorageLimits storage_limits_{.nul = false, .index_row = longest_index_row};
  JsonDocument document_;
  Scratch scratch_;
};

}  // namespace hangar::recorder
