#include "out/seen_event.hpp"

#include "out/unicode_text.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_members.hpp"
#include "prefect/present.hpp"

namespace hangar::gateway {
namespace {

using prefect::JsonValue;

/// What a label has; empty where there is none.
std::string_view value_of(JsonValue labels, std::string_view name,
                          std::pmr::memory_resource& memory) {
  std::string_view found = "";
  labels.each_member([&](JsonValue key, JsonValue value) {
    if (key.text(memory) == name) found = value.text(memory);
  });
  return found;
}

}  // namespace

void SeenEvent::add_resource(JsonValue json, bool related) {
  Resource resource;
  resource.json = json;
  resource.id = value_of(json, id_label, *texts_);
  if (related) resource.role = value_of(json, role_label, *texts_);
  resources_.push_back(std::move(resource));
}

const std::vector<SeenEvent::Label>& SeenEvent::labels(const Resource& resource) const {
  if (resource.labels) return *resource.labels;
  const prefect::JsonMembers members{resource.json};
  std::vector<Label>& labels = resource.labels.emplace();
  labels.reserve(members.size());
  for (const auto& member : members) {
    labels.push_back({member.key.text(*texts_), member.value.text(*texts_)});
  }
  return labels;
}

const std::string& SeenEvent::searched() const {
  if (searched_) return *searched_;
  std::string text{name()};
  for (const Resource& resource : resources_) {
    for (const Label& label : labels(resource)) {
      text += ' ';
      text += label.value;
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
  event_.add_resource(event_.received_.resource, false);
  if (event_.received_.related) {
    event_.received_.related.each_element(
        [&](JsonValue labels) { event_.add_resource(labels, true); });
  }
  return event_;
}

EventFilter EventReader::filter(JsonValue value, Timestamp now) {
  texts_.release();
  const prefect::FieldReader reader{texts_, now, storage_limits_};
  return read_filter(reader, value);
}

}  // namespace hangar::gateway
