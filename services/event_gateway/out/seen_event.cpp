#include "out/seen_event.hpp"

#include "out/unicode_text.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/present.hpp"

namespace hangar::gateway {
namespace {

using prefect::JsonValue;

}  // namespace

std::optional<std::string_view> SeenEvent::label(const Resource& resource,
                                                 std::string_view name) const {
  std::optional<std::string_view> found;
  resource.labels.each_member([&](JsonValue key, JsonValue value) {
    if (key.text(*texts_) == name) found = value.text(*texts_);
  });
  return found;
}

const std::string& SeenEvent::searched() const {
  if (searched_) return *searched_;
  std::string text{name()};
  for (const Resource& resource : resources_) {
    for (const auto& member : prefect::JsonMembers{resource.labels}) {
      text += ' ';
      text += member.value.text(*texts_);
    }
  }
  text += ' ';
  if (received_.payload) {
    append_repr(text, received_.payload);
  } else {
    text += "{}";
  }
  return searched_.emplace(lower(text));
}

const SeenEvent& EventReader::read(std::string_view json) {
  texts_.release();
  const Timestamp now = prefect::present();
  const prefect::FieldReader reader{texts_, now, storage_limits_};
  event_.received_ = prefect::read_event(reader, document_.parse(json), limits_);
  event_.texts_ = &texts_;
  event_.searched_.reset();
  event_.resources_.clear();
  const auto add = [&](JsonValue labels, bool related) {
    SeenEvent::Resource resource;
    resource.labels = labels;
    resource.id = event_.label(resource, id_label).value_or("");
    if (related) resource.role = event_.label(resource, role_label).value_or("");
    event_.resources_.push_back(resource);
  };
  add(event_.received_.resource, false);
  if (event_.received_.related) {
    event_.received_.related.each_element([&](JsonValue labels) { add(labels, true); });
  }
  return event_;
}

EventFilter EventReader::filter(JsonValue value, Timestamp now) {
  texts_.release();
  const prefect::FieldReader reader{texts_, now, storage_limits_};
  return read_filter(reader, value);
}

}  // namespace hangar::gateway
