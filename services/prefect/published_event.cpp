#include "prefect/published_event.hpp"

#include "prefect/json/compact_json.hpp"
#include "prefect/json/json_text.hpp"
#include "prefect/received_event.hpp"
#include "prefect/uuid.hpp"

namespace hangar::prefect {
namespace {

void append_quoted_time(std::string& out, const ZonedTime& time) {
  out += '"';
  append_time(out, time);
  out += '"';
}

}  // namespace

PublishedEvent published_event(const FieldReader& reader, JsonValue root, const EventLimits& limits,
                               Timestamp received) {
  const ReceivedEvent event = read_event(reader, root, limits, ReceivedTime::ignored);
  PublishedEvent made;
  append_uuid(made.id, event.id);
  made.name = event.event;
  made.subject = event.event.starts_with("prefect.task-run") ? "prefect.events.task-run"
                                                             : "prefect.events.other";
  made.attributes = R"({"id": ")" + made.id + R"(", "event": )";
  append_json_string(made.attributes, event.event);
  made.attributes += '}';

  std::string& body = made.body;
  body += R"({"occurred":)";
  append_quoted_time(body, event.occurred);
  body += R"(,"event":)";
  append_compact_string(body, event.event);
  body += R"(,"resource":)";
  append_compact_json(body, event.resource);
  body += R"(,"related":)";
  if (event.related) {
    append_compact_json(body, event.related);
  } else {
    body += "[]";
  }
  body += R"(,"payload":)";
  if (event.payload) {
    append_compact_json(body, event.payload);
  } else {
    body += "{}";
  }
  body += R"(,"id":")" + made.id + R"(","follows":)";
  if (event.follows) {
    body += '"';
    append_uuid(body, *event.follows);
    body += '"';
  } else {
    body += "null";
  }
  body += R"(,"received":)";
  append_quoted_time(body, ZonedTime::utc(received));
  body += '}';
  return made;
}

}  // namespace hangar::prefect
