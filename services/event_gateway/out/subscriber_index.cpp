#include "out/subscriber_index.hpp"

#include <algorithm>

#include "out/matching.hpp"

namespace hangar::gateway {
namespace {

/// Of several filters of which an event has to pass each, one that names resources.
const ResourceFilter* naming_resources(const std::vector<ResourceFilter>& filters) {
  const auto found =
      std::ranges::find_if(filters, [](const auto& each) { return !each.id.empty(); });
  return found == filters.end() ? nullptr : &*found;
}

}  // namespace

void SubscriberIndex::place(Subscriber& subscriber, bool adds) {
  const EventFilter& filter = subscriber.filter();
  // In the order of how few events have one of the values.
  if (!filter.id.empty()) {
    place(by_id_, filter.id, subscriber, adds);
  } else if (!filter.resource.id.empty()) {
    place(by_resource_, filter.resource.id, subscriber, adds);
  } else if (const auto* any = naming_resources(filter.any_resource)) {
    place(by_any_resource_, any->id, subscriber, adds);
  } else if (!filter.name.empty()) {
    place(by_name_, filter.name, subscriber, adds);
  } else if (!filter.prefix.empty()) {
    place_prefixes(filter.prefix, subscriber, adds);
  } else {
    place(others_, subscriber, adds);
  }
  size_ += adds ? 1 : static_cast<std::size_t>(-1);
}

template <class Map, class Keys>
void SubscriberIndex::place(Map& map, const Keys& keys, Subscriber& subscriber, bool adds) {
  for (const auto& key : keys) {
    const auto entry = map.try_emplace(key).first;
    place(entry->second, subscriber, adds);
    if (entry->second.empty()) map.erase(entry);
  }
}

void SubscriberIndex::place(Subscribers& in, Subscriber& subscriber, bool adds) {
  if (adds) {
    in.push_back(&subscriber);
  } else {
    std::erase(in, &subscriber);
  }
}

void SubscriberIndex::place_prefixes(const std::vector<std::string>& prefixes,
                                     Subscriber& subscriber, bool adds) {
  place(by_prefix_, prefixes, subscriber, adds);
  for (const std::string& prefix : prefixes) {
    const auto entry = prefix_lengths_.try_emplace(prefix.size(), 0).first;
    entry->second += adds ? 1 : static_cast<std::size_t>(-1);
    if (entry->second == 0) prefix_lengths_.erase(entry);
  }
}

void SubscriberIndex::ask(const Subscribers& subscribers, const SeenEvent& event) {
  for (Subscriber* subscriber : subscribers) {
    if (subscriber->asked == event_ || subscriber->costly()) continue;
    subscriber->asked = event_;
    try {
      if (includes(subscriber->filter(), event)) found_.push_back(subscriber);
    } catch (const TooManySteps&) {
      subscriber->end_costly();
    }
  }
}

template <class Map, class Key>
void SubscriberIndex::ask(const Map& map, const Key& key, const SeenEvent& event) {
  const auto found = map.find(key);
  if (found != map.end()) ask(found->second, event);
}

const std::vector<Subscriber*>& SubscriberIndex::who_want(const SeenEvent& event) {
  ++event_;
  found_.clear();
  ask(others_, event);
  ask(by_id_, event.id(), event);
  ask(by_name_, event.name(), event);
  for (const auto& [length, _] : prefix_lengths_) {
    if (length > event.name().size()) break;
    ask(by_prefix_, event.name().substr(0, length), event);
  }
  ask(by_resource_, event.resources().front().id, event);
  if (by_any_resource_.empty()) return found_;
  for (const SeenEvent::Resource& resource : event.resources()) {
    ask(by_any_resource_, resource.id, event);
  }
  return found_;
}

}  // namespace hangar::gateway
