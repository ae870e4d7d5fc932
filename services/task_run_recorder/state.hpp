#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/storage.hpp"
#include "prefect/field_reader.hpp"
#include "prefect/json/json_document.hpp"

namespace hangar::recorder {

/// The state of a run, read from an event.
struct State {
  Uuid id;
  std::string_view type;
  std::string_view name;
  Timestamp timestamp;
  std::optional<std::string_view> message;
  /// The state's result as JSON, if there is one.
  std::optional<std::string_view> data;
  /// JSON with all members, `task_run_id` among them; empty where the event tells none of them.
  std::string_view details;
  /// Made up where the event does not tell and the present stands for it.
  Cell::Basis timestamp_basis = Cell::Basis::stated;
  Cell::Basis details_basis = Cell::Basis::stated;
  /// Where in `details` the 36 characters of `task_run_id` stand.
  char* details_task_run_id = nullptr;
  /// The flow run of details that are empty.
  std::optional<Uuid> details_flow_run_id;
};

/// Appends the details of a state whose event tells none of them, as nearly all do: only the ids
/// differ. Made with the row, because as long as the event waits they would be half of it.
void append_silent_details(std::string& out, const Uuid& task_run_id,
                           const std::optional<Uuid>& flow_run_id);

/// What a state has where its object says nothing, and the runs that it belongs to.
struct StateOrigin {
  Uuid id;
  prefect::ZonedTime timestamp;
  Cell::Basis timestamp_basis = Cell::Basis::stated;
  prefect::JsonValue timestamp_source;  ///< Where the timestamp stands in the event.
  Uuid task_run_id;
  std::optional<Uuid> flow_run_id;
  /// Whether the details keep their own `flow_run_id` instead of the origin's.
  bool keeps_flow_run_id = false;
  /// Whether the state becomes a row; else it is only checked as a model, and nothing but that is
  /// known of the result.
  bool stored = true;
};

/// Reads a state as `prefect.server.schemas.states.State` does. `scratch` is overwritten.
State read_state(const prefect::FieldReader& reader, prefect::JsonValue object,
                 const StateOrigin& origin, std::string& scratch);

}  // namespace hangar::recorder
