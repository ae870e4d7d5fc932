#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "hangar/batch_target.hpp"

namespace hangar::batch {

/// How often a lost race is run again: after that the key is not taken by a race.
inline constexpr std::size_t most_races = 3;

/// The reason of a failure that says nothing of the item.
inline constexpr std::string_view unknown = "unknown";
/// The reason of an item whose rows take too long: the storage cancels its statements.
inline constexpr std::string_view statement_timeout = "statement_timeout";
/// Whether a statement took longer than it may, or somebody cancelled it (57014).
inline bool took_too_long(const TransientError& error) { return error.sqlstate() == "57014"; }
/// The reason of an item that reaches what somebody else has locked.
inline constexpr std::string_view locked = "locked";

/// Why an item cannot be written, as its dead letter says it.
Rejection rejection(const DataError& error);

/// An item that the session refused.
struct LeftAside {
  std::size_t place = 0;
  Rejection why{};
  /// The session named it, and took rows of others by the same write afterwards, in the same
  /// transaction: so the item is at fault and not the database, once that is committed.
  bool at_fault = false;
  bool orphan = false;  ///< See `BatchTarget::orphan`.
};

/// What became of items in a transaction that goes on beside what it cannot write. The numbers are
/// the items' places; those that are in neither list wait for others.
struct Isolated {
  std::vector<std::size_t> done;  ///< In the order of `written.verdicts`.
  Written written;
  std::vector<LeftAside> refused;
};

/// Writes items that are in order, and goes on where the session refuses some: these are left
/// aside, alone, and whatever can be written beside them is. Items that share a name keep their
/// order; components are written one after the other, so an item that may go in only when it is
/// one of the `oldest` goes in after what came behind it. Items that reach what somebody else has
/// locked are left aside too, with what is behind them in their component, and nobody waits for
/// them for long.
Isolated write_beside_refused(Session& session, AnyItems items, std::size_t oldest,
                              BatchTransaction& transaction, BatchTarget& target);

}  // namespace hangar::batch
