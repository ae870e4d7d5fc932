#pragma once

#include <string>

#include "prefect/event_limits.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/received_event.hpp"
#include "prefect/zoned_time.hpp"

namespace hangar::prefect {

/// An event as Prefect's server publishes it, with prefect-nats as its broker.
struct PublishedEvent {
  PublishedEvent() = default;  // Not an aggregate: coroutines take it.
  std::string id;              ///< Also its `Nats-Msg-Id`.
  std::string name;            ///< `event`.
  std::string subject;         ///< `prefect.events.task-run` or `prefect.events.other`.
  std::string attributes;      ///< The header `Prefect-Attributes`.
  std::string body;
};

/// Appends the event as JSON in the form in which Prefect's server publishes it, received at this
/// time.
void append_event(std::string& out, const ReceivedEvent& event, const ZonedTime& received);

/// What a server makes of an event that a client sent and that it received at this instant. Throws
/// a DataError when the value is no event.
PublishedEvent published_event(const FieldReader& reader, JsonValue root, const EventLimits& limits,
                               Timestamp received);

}  // namespace hangar::prefect
