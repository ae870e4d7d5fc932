#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "fold.hpp"
#include "hangar/batch_target.hpp"

namespace hangar::recorder {

/// What a transaction did; the verdicts are those of the first events.
struct Recorded {
  std::vector<Verdict> verdicts;
  std::size_t runs_inserted = 0;
  std::size_t runs_updated = 0;
  /// One event whose run and state went in as new rows.
  std::optional<std::size_t> new_run;
};

/// Applies the law of `Fold` to the longest prefix of the events that one transaction can hold, in
/// the transaction that is open, and returns the verdict of each event of that prefix. `stored` is
/// what is stored of them, unless it must be found anew. It costs at most five statements, however
/// many events there are. Throws TransientError when another writer took a key in between, what
/// `dropped_row` makes, and what the session throws; then nothing is written. Applying events that
/// are recorded already changes nothing. (Prefect: `record_bulk_task_run_events` of
/// prefect.server.services.task_run_recorder.)
Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     WriteCall& call, Timestamp now, const Rows& stored);
/// The same where nothing is known of what is stored.
Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     std::size_t oldest, Timestamp now);

/// The same for one event.
Verdict record_task_run_event(Session& session, const PackedEvent& event, Timestamp now);

/// Which of the flow runs are stored, sorted.
std::vector<Uuid> stored_flow_runs(Session& session,
                                   std::span<const std::optional<Uuid>> flow_runs);

}  // namespace hangar::recorder
