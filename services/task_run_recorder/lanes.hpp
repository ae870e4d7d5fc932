#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "task_run_event.hpp"

namespace hangar::recorder {

/// Says in which lane an event must be recorded so that the events of one run stay in order.
///
/// A run is the connected component over run id, natural key and state id among the events in
/// flight: all events of a component share a lane. Pure; not thread-safe.
class Lanes {
 public:
  /// What events of one run have in common with each other: hashes of run id, natural key and state
  /// id. Two that collide share a lane, which is slower and never wrong.
  using Names = std::array<std::uint64_t, 3>;
  static Names names(const TaskRunEvent& event);

  explicit Lanes(std::size_t count) : loads_(count) {}

  /// From now on runs that have no event in flight go to the lane that has the fewest events now:
  /// one transaction costs a database less than a smaller one in each lane.
  void next_batch();

  /// Takes the event in flight and returns its lane: that of the events it shares a name with, else
  /// that of the batch. Nothing when it joins two lanes: ask again after a `release`,
  /// and until then do not ask for later events. `arrival` grows from event to event, also where
  /// the stream delivers an earlier message again: so the oldest event in flight is always the
  /// first of its lane, and nothing that it could wait for is behind it.
  std::optional<std::size_t> assign(const Names& names, std::uint64_t arrival);

  /// The event is settled: its rows are durable, or it went back to the stream or to the dead
  /// letters.
  void release(const Names& names, std::uint64_t arrival);

  /// The event keeps its lane, but until `step_back` nothing waits for it.
  void step_aside(std::uint64_t arrival) { leave(arrival); }
  void step_back(std::uint64_t arrival) { enter(arrival); }

  /// How many of these arrivals, from the first on, are older than every other event in flight.
  [[nodiscard]] std::size_t oldest(std::span<const std::uint64_t> arrivals) const;

 private:
  struct Name {  // small: there are three for each event in flight
    std::uint32_t lane = 0;
    std::uint32_t events = 0;
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

/// For each event the first one of its run: that it shares a name with, directly or by way of
/// others.
std::vector<std::size_t> first_of_runs(std::span<const Lanes::Names> names);

}  // namespace hangar::recorder
