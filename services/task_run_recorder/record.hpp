#pragma once

#include <span>
#include <vector>

#include "fold.hpp"

namespace hangar::recorder {

/// Applies the law of `Fold` to the longest prefix of the events that one transaction can hold, in
/// the transaction that is open, and returns the verdict of each event of that prefix. It costs at
/// most five statements, however many events there are. Throws TransientError when another writer
/// took a key in between, and what the session throws; then nothing is written. Applying events
/// that are recorded already changes nothing.
/// (Prefect: `record_bulk_task_run_events` of prefect.server.services.task_run_recorder.)
std::vector<Verdict> record_bulk_task_run_events(Session& session,
                                                 std::span<TaskRunEvent* const> events,
                                                 Fold::Aliases aliases, Timestamp now);

/// The same for one event.
Verdict record_task_run_event(Session& session, TaskRunEvent& event, Timestamp now);

}  // namespace hangar::recorder
