#include "prefect/json/json_members.hpp"

#include <algorithm>
#include <bit>

#include "prefect/json/text_hash.hpp"

namespace hangar::prefect {

namespace {
/// Up to so many members it is faster to look at each than to keep an index.
constexpr std::size_t few = 16;
}  // namespace

JsonMembers::JsonMembers(JsonValue object) {
  const std::size_t size = object.size();
  members_.reserve(size);
  // Never more than half full.
  if (size > few) slots_.resize(std::bit_ceil(2 * size));
  object.each_member([&](JsonValue key, JsonValue value) {
    const std::string_view name = key.text(names_);
    const std::size_t place = size > few ? indexed(name) : searched(name);
    if (place < members_.size()) {
      members_[place].value = value;
    } else {
      members_.push_back({name, key, value});
    }
  });
}

std::size_t JsonMembers::searched(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.name == name; });
  return static_cast<std::size_t>(found - members_.begin());
}

std::size_t JsonMembers::indexed(std::string_view name) {
  // Nobody who writes an event knows the address, so nobody can make names that all collide.
  std::size_t slot = hash_text(name, reinterpret_cast<std::uintptr_t>(members_.data()));
  while (true) {
    std::uint32_t& place = slots_[slot & (slots_.size() - 1)];
    if (place == 0) {
      place = static_cast<std::uint32_t>(members_.size() + 1);
      return members_.size();
    }
    if (members_[place - 1].name == name) return place - 1;
    ++slot;
  }
}

}  // namespace hangar::prefect
