#include "event_decoder.hpp"

#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/json/json_text.hpp"
#include "prefect/present.hpp"

namespace hangar::persister {

using prefect::FieldReader;
using prefect::JsonValue;

std::string_view EventDecoder::text(JsonValue string) {
  FieldReader::refuse_nul(string);
  return string.text(texts_);
}

void EventDecoder::append_resource(std::string& whole, JsonValue resource, bool related) {
  ResourceRow row;
  whole += '{';
  labels_ += '{';
  bool first = true;
  bool first_label = true;
  for (const auto& member : prefect::JsonMembers{resource}) {
    if (!first) whole += ", ";
    first = false;
    const std::size_t begin = whole.size();
    prefect::append_json_string(whole, member.key);
    whole += ": ";
    prefect::append_json_string(whole, member.value);
    if (member.name == "prefect.resource.id") {
      row.resource_id = text(member.value);
    } else if (member.name == "prefect.resource.role") {
      if (related) row.resource_role = text(member.value);
    } else {
      if (!first_label) labels_ += ", ";
      first_label = false;
      labels_.append(whole, begin);
    }
  }
  whole += '}';
  labels_ += '}';
  labels_end_.push_back(labels_.size());
  resources_.push_back(row);
}

std::optional<EventRows> EventDecoder::decode(std::string_view json, Timestamp now) {
  for (std::string* const buffer :
       {&resource_, &related_resource_ids_, &related_, &payload_, &labels_}) {
    buffer->clear();
  }
  labels_end_.clear();
  resources_.clear();
  texts_.release();

  const FieldReader reader{texts_, now, storage_limits_};
  const JsonValue root = document_.parse(json);
  const prefect::ReceivedEvent event = prefect::read_event(reader, root, event_limits_);
  if (!names_.takes(event.event)) return std::nullopt;
  EventRows rows;
  rows.id = event.id;
  rows.follows = event.follows;
  rows.occurred = FieldReader::instant(event.occurred, event.occurred_source);
  if (event.received) rows.received = FieldReader::instant(*event.received, event.received_source);
  FieldReader::refuse_nul(event.event_source);
  rows.event = event.event;

  append_resource(resource_, event.resource, false);
  related_ += '[';
  related_resource_ids_ += '[';
  if (event.related) {
    event.related.each_element([&](JsonValue related) {
      if (related_.size() > 1) {
        related_ += ", ";
        related_resource_ids_ += ", ";
      }
      append_resource(related_, related, true);
      prefect::append_json_string(related_resource_ids_, resources_.back().resource_id);
    });
  }
  related_ += ']';
  related_resource_ids_ += ']';
  if (event.payload) {
    prefect::append_json(payload_, event.payload);
  } else {
    payload_ = "{}";
  }

  std::size_t begin = 0;
  for (std::size_t i = 0; i < resources_.size(); ++i) {
    resources_[i].resource = std::string_view{labels_}.substr(begin, labels_end_[i] - begin);
    begin = labels_end_[i];
  }
  rows.resource_id = resources_.front().resource_id;
  rows.resource = resource_;
  rows.related_resource_ids = related_resource_ids_;
  rows.related = related_;
  rows.payload = payload_;
  rows.resources = resources_;
  return rows;
}

std::optional<Decoded<EventRows>> EventDecoder::item(const Message& message, ItemMemory& memory) {
  if (message.data().empty()) return std::nullopt;
  const auto rows = decode(message.data(), prefect::present());
  if (!rows) return std::nullopt;
  const std::uint64_t name = std::hash<Uuid>{}(rows->id);
  return Decoded<EventRows>{.value = packed(*rows, memory.bytes(packed_size(*rows))),
                            .names = {name, name, name},
                            .occurred = rows->occurred};
}

}  // namespace hangar::persister
