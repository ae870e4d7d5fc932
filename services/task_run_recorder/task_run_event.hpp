#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "hangar/storage.hpp"
#include "tables.hpp"

namespace hangar::recorder {

/// What a run is called within its flow run. The texts are views.
struct NaturalKey {
  Uuid flow_run_id;
  std::string_view task_key;
  std::string_view dynamic_key;
  bool operator==(const NaturalKey&) const = default;
};

/// One client task-run event as values of columns: what the decoder makes and the fold applies.
/// Text points into memory that the decoder was given and that outlives the event.
struct TaskRunEvent {
  /// The identity of the run: the payload's `id`, else the resource's.
  Uuid run_id;
  /// The columns that this event writes to its run, others absent; `id`, `created` and `updated`
  /// are the fold's. Those of natural key, state id and its timestamp are always there.
  std::array<Cell, task_run::column_count> run{};
  /// The texts that are too long together for an index of task_run, or nothing: the storage refuses
  /// the event where it would be written to its run, and only there.
  std::string_view too_long_for_index;
  // What the state has beside that of which the run's columns tell.
  Cell state_message;
  Cell state_details;  ///< Absent where the event tells nothing of it.
  Cell state_data;
  /// Where in the text of `state_details` the 36 characters of `task_run_id` stand: the canonical
  /// id of the run belongs there, which may be another than `run_id`.
  std::int32_t details_task_run_id_at = 0;
  /// The flow run in details that are absent.
  std::optional<Uuid> details_flow_run_id;

  /// None outside of a flow run.
  [[nodiscard]] std::optional<NaturalKey> natural_key() const noexcept {
    if (run[task_run::flow_run_id].is_null()) return std::nullopt;
    return NaturalKey{run[task_run::flow_run_id].uuid(), run[task_run::task_key].text(),
                      run[task_run::dynamic_key].text()};
  }
  [[nodiscard]] const Uuid& state_id() const noexcept { return run[task_run::state_id].uuid(); }
  [[nodiscard]] Timestamp state_timestamp() const noexcept {
    return run[task_run::state_timestamp].timestamp();
  }

  /// The columns of the state; `task_run_id`, `created` and `updated` are the fold's, as are
  /// `state_details` of which the event tells nothing.
  void write_state(std::span<Cell> row) const {
    row[task_run_state::id] = run[task_run::state_id];
    row[task_run_state::type] = run[task_run::state_type];
    row[task_run_state::timestamp] = run[task_run::state_timestamp];
    row[task_run_state::name] = run[task_run::state_name];
    row[task_run_state::message] = state_message;
    row[task_run_state::state_details] = state_details;
    row[task_run_state::data] = state_data;
  }
};

}  // namespace hangar::recorder
