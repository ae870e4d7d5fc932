#include "prefect/received_event.hpp"

#include <fmt/format.h>

#include <array>

#include "prefect/json/json_members.hpp"
#include "prefect/json/unicode.hpp"

namespace hangar::prefect {

namespace {

using Kind = JsonValue::Kind;

struct Resource {
  JsonValue id;
  JsonValue role;
  JsonValue orchestration;
};

/// A resource is an object of strings. Here even a value that a repeated key overrides must be one.
Resource read_resource(JsonValue value, const EventLimits& limits) {
  enum Member : std::size_t { id, role, orchestration, count };
  static constexpr MemberNames<count> names{std::array<std::string_view, count>{
      "prefect.resource.id", "prefect.resource.role", "prefect.orchestration"}};
  const auto labels =
      names.pick(FieldReader::object(value), [](JsonValue label) { FieldReader::string(label); });
  if (!labels[id]) reject_missing(value, "prefect.resource.id");
  if (labels[id].token().empty()) reject(labels[id], "missing_field", "a resource has an id");
  const std::size_t most = limits.labels_per_resource;
  if (value.size() > most && JsonMembers{value}.size() > most) {
    reject(value, "too_long", fmt::format("a resource has more than {} labels", most));
  }
  return {labels[id], labels[role], labels[orchestration]};
}

/// Checks all related resources; returns the id of the first flow run, if there is one.
JsonValue read_related(const FieldReader& reader, JsonValue value, const EventLimits& limits) {
  JsonValue flow_run;
  FieldReader::array(value).each_element([&](JsonValue related) {
    const Resource resource = read_resource(related, limits);
    if (!resource.role) reject_missing(related, "prefect.resource.role");
    if (resource.role.token().empty()) {
      reject(resource.role, "missing_field", "a related resource has a role");
    }
    if (!flow_run && resource.role.text(reader.texts()) == "flow-run") flow_run = resource.id;
  });
  if (value.size() > limits.related_resources) {
    reject(value, "too_long",
           fmt::format("an event has more than {} related resources", limits.related_resources));
  }
  return flow_run;
}

}  // namespace

ReceivedEvent read_event(const FieldReader& reader, JsonValue root, const EventLimits& limits,
                         ReceivedTime received_time) {
  enum Member : std::size_t {
    occurred,
    event,
    resource,
    related,
    payload,
    id,
    follows,
    received,
    count
  };
  static constexpr std::array<std::string_view, count> all{
      "occurred", "event", "resource", "related", "payload", "id", "follows", "received"};
  static constexpr MemberNames<count> names{all};
  if (!root.is(Kind::object)) reject(root, "not_an_event", "an event is a JSON object");
  const auto values = names.pick(root);
  for (const Member member : {occurred, event, resource, id}) {
    if (!values[member]) reject_missing(root, all[member]);
  }
  ReceivedEvent result;
  result.occurred = reader.time(values[occurred]);
  result.occurred_source = values[occurred];
  result.event = FieldReader::string(values[event]).text(reader.texts());
  if (result.event.size() > limits.event_name_length &&
      count_code_points(result.event) > limits.event_name_length) {
    reject(
        values[event], "too_long",
        fmt::format("the name of an event has more than {} characters", limits.event_name_length));
  }
  result.event_source = values[event];
  const Resource main = read_resource(values[resource], limits);
  result.resource = values[resource];
  result.resource_id = main.id;
  if (main.orchestration) result.orchestration = main.orchestration.text(reader.texts());
  result.related = values[related];
  if (values[related]) result.flow_run_resource_id = read_related(reader, values[related], limits);
  if (values[payload]) result.payload = FieldReader::object(values[payload]);
  result.id = FieldReader::uuid(values[id]);
  if (values[follows] && !values[follows].is_null()) {
    result.follows = FieldReader::uuid(values[follows]);
  }
  result.received_source = values[received];
  if (values[received] && received_time == ReceivedTime::checked) {
    result.received = reader.time(values[received]);
  }
  return result;
}

}  // namespace hangar::prefect
