#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "event_decoder.hpp"
#include "prefect/field_reader.hpp"
#include "scratch.hpp"
#include "state.hpp"
#include "task_run_event.hpp"

namespace hangar::recorder {

/// A run with the columns that an event sets, as `prefect.server.schemas.core.TaskRun` reads them.
struct TaskRun {
  Uuid id;
  std::optional<Uuid> flow_run_id;
  std::string_view task_key;
  std::string_view dynamic_key;
  State state;
  std::array<Cell, task_run::column_count> columns{};
};

/// The run that an event tells of: the payload's members over what the resources say. Throws a
/// DataError where the reference refuses. `scratch` is overwritten.
TaskRun task_run_from_event(const prefect::FieldReader& reader, prefect::JsonValue root,
                            const prefect::ReceivedEvent& event, Scratch& scratch);

/// The run's columns together with those that repeat its state, and the state's own row. Throws a
/// DataError also where PostgreSQL would refuse the rows.
TaskRunEvent db_recordable_task_run_from_event(const prefect::FieldReader& reader,
                                               prefect::JsonValue root,
                                               const prefect::ReceivedEvent& event,
                                               Scratch& scratch);

}  // namespace hangar::recorder
