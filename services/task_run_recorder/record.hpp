#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fold.hpp"

namespace hangar::recorder {

/// What a transaction did; the verdicts are those of the first events.
struct Recorded {
  std::vector<Verdict> verdicts;
  std::size_t runs_inserted = 0;
  std::size_t runs_updated = 0;
  /// One event whose run and state went in as new rows.
  std::optional<std::size_t> new_run;
};

/// What a transaction writes, one after the other.
enum class Write : std::uint8_t { insert_runs, update_runs, insert_states };

/// What was refused, as far as it is known.
struct Culprits {
  std::optional<Write> write{};       ///< None where it was no write.
  std::vector<std::size_t> events{};  ///< That the row is made of; none where no row was named.
};

/// Applies the law of `Fold` to the longest prefix of the events that one transaction can hold, in
/// the transaction that is open, and returns the verdict of each event of that prefix. `oldest` is
/// that of `Fold::apply`. It costs at most five statements, however many events there are. Throws
/// TransientError when another writer took a key in between, what `dropped_row` makes, and what the
/// session throws; then nothing is written. Applying events that are recorded already changes
/// nothing. (Prefect: `record_bulk_task_run_events` of prefect.server.services.task_run_recorder.)
Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     std::size_t oldest, Timestamp now);

/// Writes what was folded of the events. Where a write is refused, `culprits` becomes that.
Recorded record_folded(Session& session, const Fold& fold, std::span<const PackedEvent> events,
                       Culprits& culprits);

/// The same for one event.
Verdict record_task_run_event(Session& session, const PackedEvent& event, Timestamp now);

/// Which of the flow runs are stored, sorted.
std::vector<Uuid> stored_flow_runs(Session& session,
                                   std::span<const std::optional<Uuid>> flow_runs);

}  // namespace hangar::recorder
