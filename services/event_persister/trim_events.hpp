#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hangar/storage.hpp"
#include "hangar/table.hpp"

namespace hangar::persister {

/// Which events one walk over them deletes, and how far it is.
struct Trim {
  std::optional<std::string> event{};  ///< Only events of exactly this name; nothing: all.
  Timestamp before{};                  ///< Those that occurred earlier.
  /// Behind which event it goes on, which keeps it from the index entries of what it has deleted.
  std::optional<Uuid> last{};
  Timestamp last_occurred{};  ///< Of `last`.
  bool dry_run = false;       ///< Counts what it would delete, and deletes nothing.
  /// In a dry run: names whose events an earlier walk has counted, which else had deleted them.
  std::vector<std::string> counted{};
};

/// What one transaction did.
struct Trimmed {
  std::size_t events = 0;
  std::size_t resources = 0;
  bool done = true;  ///< Whether nothing is left that was there when it began.
};

/// Deletes the next `limit` events and their rows of `event_resources` in the transaction that is
/// open, and moves `trim` behind them. It needs indexes that every version of Prefect makes, and
/// reads hardly more than it deletes. Two at once, or one that is killed, do no harm.
Trimmed trim_events(Session& session, Trim& trim, std::size_t limit);

/// Deletes resources of events that occurred before `trim.before` and are stored no more: reads the
/// next `limit` rows that were written before then. For a walk of its own, behind that over all
/// events.
Trimmed trim_orphans(Session& session, Trim& trim, std::size_t limit);

}  // namespace hangar::persister
