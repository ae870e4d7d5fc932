#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/source.hpp"
#include "lanes.hpp"
#include "record.hpp"

namespace hangar::recorder {

/// How often a lost race is run again: after that the key is not taken by a race.
inline constexpr std::size_t most_races = 3;

/// The reason of an event whose flow run is missing.
inline constexpr std::string_view orphan = "orphan_flow_run";
/// The reason of a failure that says nothing of the event.
inline constexpr std::string_view unknown = "unknown";
/// The reason of an event whose rows take too long: the storage cancels its statements.
inline constexpr std::string_view statement_timeout = "statement_timeout";
/// Whether a statement took longer than it may, or somebody cancelled it (57014).
inline bool took_too_long(const TransientError& error) { return error.sqlstate() == "57014"; }
/// The reason of an event that reaches what somebody else has locked.
inline constexpr std::string_view locked = "locked";

/// An event that the session refused.
struct LeftAside {
  std::size_t place = 0;
  Rejection why{};
  /// The session named it, and took rows of others by the same write afterwards, in the same
  /// transaction: so the event is at fault and not the database, once that is committed.
  bool at_fault = false;
};

/// What became of events in a transaction that goes on beside what it cannot write. The numbers are
/// the events' places; those that are in neither list wait for others.
struct Isolated {
  std::vector<std::size_t> done;  ///< In the order of `recorded`.
  Recorded recorded;
  std::vector<LeftAside> refused;
};

/// Does what `record_bulk_task_run_events` does, for events that are in order, and goes on where
/// the session refuses some: these are left aside, alone, and whatever can be written beside them
/// is. `names` are those of each event. The events of one run keep their order; runs are written
/// one after the other, so an alias (see `Fold::apply`, as for `oldest`) goes in after what came
/// behind it. Events of a run that somebody else has locked are left aside too, and nobody waits
/// for them for long.
Isolated record_beside_refused(Session& session, std::span<const PackedEvent> events,
                               std::span<const Lanes::Names> names, std::size_t oldest,
                               Timestamp now);

}  // namespace hangar::recorder
