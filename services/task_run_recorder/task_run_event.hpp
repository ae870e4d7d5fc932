#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "hangar/storage.hpp"
#include "tables.hpp"

namespace hangar::recorder {

/// One client task-run event as values of columns: what the decoder makes and the fold applies.
/// Text points into memory that the decoder was given and that outlives the event.
struct TaskRunEvent {
  /// The identity of the run: the payload's `id` and `flow_run_id` where it has them, else the
  /// resource's.
  Uuid run_id;
  std::optional<Uuid> flow_run_id;
  std::string_view task_key;
  std::string_view dynamic_key;

  Uuid state_id;
  Timestamp state_timestamp;

  /// The columns that this event writes to its run, others absent; `id`, `created` and `updated`
  /// are the fold's.
  std::array<Cell, task_run::column_count> run{};
  /// The texts that are too long together for an index of task_run, or nothing: PostgreSQL refuses
  /// the event where it would be written to its run, and only there.
  std::string_view too_long_for_index;
  /// `id`, `type`, `timestamp`, `name`, `message`, `state_details` and `data`; `task_run_id`,
  /// `created` and `updated` are the fold's.
  std::array<Cell, task_run_state::column_count> state{};
  /// Where in the text of `state_details` the 36 characters of `task_run_id` stand: the fold writes
  /// the canonical id there.
  char* details_task_run_id = nullptr;
};

}  // namespace hangar::recorder
