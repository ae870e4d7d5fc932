#pragma once

#include <array>
#include <optional>
#include <span>
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
  // What the state has beside that of which the run's columns tell.
  Cell state_message;
  Cell state_details;  ///< Absent where the event tells nothing of it.
  Cell state_data;
  /// Where in the text of `state_details` the 36 characters of `task_run_id` stand: the fold writes
  /// the canonical id there.
  char* details_task_run_id = nullptr;
  /// The flow run in details that are absent.
  std::optional<Uuid> details_flow_run_id;

  /// The columns of the state; `task_run_id`, `created` and `updated` are the fold's, as are
  /// `state_details` of which the event tells nothing.
  void write_state(std::span<Cell> row) const {
    row[task_run_state::id] = state_id;
    row[task_run_state::type] = run[task_run::state_type];
    row[task_run_state::timestamp] = run[task_run::state_timestamp];
    row[task_run_state::name] = run[task_run::state_name];
    row[task_run_state::message] = state_message;
    row[task_run_state::state_details] = state_details;
    row[task_run_state::data] = state_data;
  }
};

}  // namespace hangar::recorder
