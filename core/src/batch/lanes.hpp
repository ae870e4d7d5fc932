#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "hangar/batch_target.hpp"

namespace hangar::batch {

/// Says in which lane an item must be written so that items that share a name stay in order.
///
/// All items of a connected component over names, among the items in flight, share a lane. Pure;
/// not thread-safe.
class Lanes {
 public:
  explicit Lanes(std::size_t count) : loads_(count) {}

  /// From now on items that share no name with any in flight go to the lane that has the fewest
  /// now: one transaction costs a database less than a smaller one in each lane.
  void next_batch();

  /// Takes the item in flight and returns its lane: that of the items it shares a name with, else
  /// that of the batch. Nothing when it joins two lanes: ask again after a `release`, and until
  /// then do not ask for later items. `arrival` grows from item to item, also where the stream
  /// delivers an earlier message again: so the oldest item in flight is always the first of its
  /// lane, and nothing that it could wait for is behind it.
  std::optional<std::size_t> assign(const ItemNames& names, std::uint64_t arrival);

  /// The item is answered: its rows are durable, or its message went back to the stream or to the
  /// dead letters.
  void release(const ItemNames& names, std::uint64_t arrival);

  /// The item keeps its lane, but until `step_back` nothing waits for it.
  void step_aside(std::uint64_t arrival) { leave(arrival); }
  void step_back(std::uint64_t arrival) { enter(arrival); }

  /// How many of these arrivals, from the first on, are older than every other item in flight.
  [[nodiscard]] std::size_t oldest(std::span<const std::uint64_t> arrivals) const;

 private:
  struct Name {  // small: there are three for each item in flight
    std::uint32_t lane = 0;
    std::uint32_t items = 0;
  };
  boost::unordered_flat_map<std::uint64_t, Name> names_;
  std::vector<std::size_t> loads_;
  std::size_t lane_of_batch_ = 0;
  void enter(std::uint64_t arrival);
  void leave(std::uint64_t arrival);

  /// Whether the arrivals from the oldest on are waited for; the first and the last are.
  std::deque<bool> waited_for_;
  std::uint64_t oldest_ = 0;
};

/// For each item the first one of its component: of those that it shares a name with, directly or
/// by way of others.
std::vector<std::size_t> components(AnyItems items);

}  // namespace hangar::batch
