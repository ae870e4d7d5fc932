#include "json_members.hpp"

#include <algorithm>

namespace hangar::recorder {

namespace {
/// Up to so many members it is faster to look at each than to keep an index.
constexpr std::size_t few = 16;
}  // namespace

JsonMembers::JsonMembers(JsonValue object) {
  members_.reserve(object.size());
  if (object.size() > few) places_.reserve(object.size());
  object.each_member([&](JsonValue key, JsonValue value) {
    const std::string_view name = key.text(names_);
    if (Member* known = find(name)) {
      known->value = value;
      return;
    }
    members_.push_back({name, key, value});
    if (members_.size() <= few) return;
    for (std::size_t i = places_.size(); i < members_.size(); ++i) places_[members_[i].name] = i;
  });
}

JsonMembers::Member* JsonMembers::find(std::string_view name) {
  if (members_.size() <= few) {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.name == name; });
    return found == members_.end() ? nullptr : &*found;
  }
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &members_[found->second];
}

}  // namespace hangar::recorder
