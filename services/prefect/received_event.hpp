#pragma once

#include <optional>
#include <string_view>

#include "prefect/event_limits.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/zoned_time.hpp"

namespace hangar::prefect {

/// An event as `prefect.server.events.schemas.events.ReceivedEvent` has it, checked as a whole. The
/// values live as long as the document; those of members that are missing are none.
struct ReceivedEvent {
  Uuid id;
  ZonedTime occurred;
  JsonValue occurred_source;
  std::string_view event;
  JsonValue event_source;
  JsonValue resource;
  JsonValue resource_id;
  std::string_view orchestration;
  JsonValue related;  ///< None when it is missing, as the payload.
  /// The id of the first related resource in the role `flow-run`.
  JsonValue flow_run_resource_id;
  JsonValue payload;
  std::optional<Uuid> follows;
  std::optional<ZonedTime> received;  ///< None when it is ignored.
  JsonValue received_source;
};

/// Whether the time when a server received the event is one of its members, or is not looked at, as
/// in what clients send (`Event` in Prefect).
enum class ReceivedTime : bool { checked, ignored };

/// Throws a DataError when the value is no such event.
ReceivedEvent read_event(const FieldReader& reader, JsonValue root, const EventLimits& limits,
                         ReceivedTime received = ReceivedTime::checked);

}  // namespace hangar::prefect
