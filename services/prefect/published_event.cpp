#include "prefect/published_event.hpp"

#include "prefect/json/compact_json.hpp"
#include "prefect/json/json_text.hpp"
#include "prefect/uuid.hpp"

namespace hangar::prefect {
namespace {

void append_quoted_time(std::string& out, const ZonedTime& time) {
  out += '"';
  append_time(out, time);
  out += '"';
}

}  // namespace

void append_event(std::string& out, const ReceivedEvent& event, const ZonedTime& received) {
  out += R"({"occurred":)";
  append_quoted_time(out, event.occurred);
  out += R"(,"event":)";
  append_compact_string(out, event.event);
  out += R"(,"resource":)";
  append_compact_json(out, event.resource);
  out += R"(,"related":)";
  if (event.related) {
    append_compact_json(out, event.related);
  } else {
    out += "[]";
  }
  out += R"(,"payload":)";
  if (event.payload) {
    append_compact_json(out, event.payload);
  } else {
    out += "{}";
  }
  out += R"(,"id":")";
  append_uuid(out, event.id);
  out += R"(","follows":)";
  if (event.follows) {
    out += '"';
    append_uuid(out, *event.follows);
    out += '"';
  } else {
    out += "null";
  }
  out += R"(,"received":)";
  append_quoted_time(out, received);
  out += '}';
}

PublishedEvent published_event(const FieldReader& reader, JsonValue root, const EventLimits& limits,
                               Timestamp received) {
  const ReceivedEvent event = read_event(reader, root, limits, ReceivedTime::ignored);
  PublishedEvent made;
  made.id.reserve(36);
  append_uuid(made.id, event.id);
  made.name = event.event;
  made.subject = event.event.starts_with("prefect.task-run") ? "prefect.events.task-run"
                                                             : "prefect.events.other";
  made.attributes.reserve(64 + event.event.size());
  made.attributes.append(R"({"id": ")").append(made.id).append(R"(", "event": )");
  append_json_string(made.attributes, event.event);
  made.attributes += '}';
  made.body.reserve(root.token().size() + 128);  // What is made up: the time, and what is missing.
  append_event(made.body, event, ZonedTime::utc(received));
  return made;
}

}  // namespace hangar::prefect
