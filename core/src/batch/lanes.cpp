#include "batch/lanes.hpp"

#include <algorithm>
#include <numeric>

namespace hangar::batch {

void Lanes::next_batch() {
  lane_of_batch_ = static_cast<std::size_t>(std::ranges::min_element(loads_) - loads_.begin());
}

std::optional<std::size_t> Lanes::assign(const ItemNames& names, std::uint64_t arrival) {
  std::optional<std::size_t> lane;
  for (const std::uint64_t name : names) {
    const auto known = names_.find(name);
    if (known == names_.end()) continue;
    if (lane && *lane != known->second.lane) return std::nullopt;
    lane = known->second.lane;
  }
  if (!lane) lane = lane_of_batch_;
  for (const std::uint64_t name : names) {
    Name& entry = names_[name];
    entry.lane = static_cast<std::uint32_t>(*lane);
    ++entry.items;
  }
  ++loads_[*lane];
  enter(arrival);
  return lane;
}

void Lanes::release(const ItemNames& names, std::uint64_t arrival) {
  std::size_t lane = 0;
  for (const std::uint64_t name : names) {
    const auto entry = names_.find(name);
    lane = entry->second.lane;
    if (--entry->second.items == 0) names_.erase(entry);
  }
  --loads_[lane];
  leave(arrival);
}

std::size_t Lanes::oldest(std::span<const std::uint64_t> arrivals) const {
  std::size_t count = 0;
  std::size_t place = 0;
  for (const std::uint64_t arrival : arrivals) {
    while (place < waited_for_.size() && !waited_for_[place]) ++place;
    if (place < waited_for_.size() && oldest_ + place < arrival) break;
    if (oldest_ + place == arrival) ++place;
    ++count;
  }
  return count;
}

void Lanes::enter(std::uint64_t arrival) {
  if (waited_for_.empty()) oldest_ = arrival;
  while (arrival < oldest_) {
    waited_for_.push_front(false);
    --oldest_;
  }
  const std::size_t place = arrival - oldest_;
  if (place >= waited_for_.size()) waited_for_.resize(place + 1, false);
  waited_for_[place] = true;
}

void Lanes::leave(std::uint64_t arrival) {
  const std::size_t place = arrival - oldest_;
  if (arrival < oldest_ || place >= waited_for_.size()) return;
  waited_for_[place] = false;
  while (!waited_for_.empty() && !waited_for_.front()) {
    waited_for_.pop_front();
    ++oldest_;
  }
  while (!waited_for_.empty() && !waited_for_.back()) waited_for_.pop_back();
}

std::vector<std::size_t> components(AnyItems items) {
  std::vector<std::size_t> parent(items.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t place) {
    while (parent[place] != place) place = parent[place] = parent[parent[place]];
    return place;
  };
  boost::unordered_flat_map<std::uint64_t, std::size_t> known;
  for (std::size_t place = 0; place < items.size(); ++place) {
    for (const std::uint64_t name : items[place]->names) {
      const auto [entry, is_new] = known.try_emplace(name, place);
      if (is_new) continue;
      const auto [first, second] = std::minmax({root(entry->second), root(place)});
      parent[second] = first;
    }
  }
  for (std::size_t place = 0; place < parent.size(); ++place) parent[place] = root(place);
  return parent;
}

}  // namespace hangar::batch
