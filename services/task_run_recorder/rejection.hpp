#pragma once

#include "fold.hpp"
#include "hangar/error.hpp"
#include "hangar/source.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// Whether the failure is that of a run whose flow run is not stored, and of no other foreign key.
bool is_orphan(const DataError& error) noexcept;

/// Why an event cannot be recorded, as its dead letter says it, of a verdict that records nothing.
Rejection rejection(Verdict verdict, const TaskRunEvent& event);

}  // namespace hangar::recorder
