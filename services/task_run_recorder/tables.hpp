#pragma once

#include <array>
#include <cstddef>

#include "hangar/storage.hpp"

/// The two tables of Prefect's database that the recorder writes, with the names of its migrations
/// (prefect.server.database.orm_models, 3.9.1).
namespace hangar::recorder {

// One line a column, in the order of the table: its name, its type, whether it may be NULL, and
// what the database fills in. A new column is a line here and its parsing in task_run.cpp.
// clang-format off
#define HANGAR_TASK_RUN_COLUMNS(column)                  \
  column(id, uuid, false, "")                            \
  column(created, timestamp, false, "now")               \
  column(updated, timestamp, false, "now")               \
  column(name, text, false, "")                          \
  column(task_key, text, false, "")                      \
  column(dynamic_key, text, false, "")                   \
  column(state_type, enumeration, true, "")              \
  column(run_count, int4, false, "0")                    \
  column(flow_run_run_count, int4, false, "0")           \
  column(expected_start_time, timestamp, true, "")       \
  column(next_scheduled_start_time, timestamp, true, "") \
  column(start_time, timestamp, true, "")                \
  column(end_time, timestamp, true, "")                  \
  column(cache_expiration, timestamp, true, "")          \
  column(state_timestamp, timestamp, true, "")           \
  column(total_run_time, interval, false, "0")           \
  column(cache_key, text, true, "")                      \
  column(task_version, text, true, "")                   \
  column(state_name, text, true, "")                     \
  column(empirical_policy, json, false, "{}")            \
  column(task_inputs, json, false, "{}")                 \
  column(tags, json, false, "[]")                        \
  column(labels, json, true, "")                         \
  column(flow_run_id, uuid, true, "")                    \
  column(state_id, uuid, true, "")

#define HANGAR_TASK_RUN_STATE_COLUMNS(column)\
  column(id, uuid, false, "")                \
  column(created, timestamp, false, "now")   \
  column(updated, timestamp, false, "now")   \
  column(type, enumeration, false, "")       \
  column(timestamp, timestamp, false, "now") \
  column(name, text, false, "")              \
  column(message, text, true, "")            \
  column(state_details, json, false, "{}")   \
  column(data, json, true, "")               \
  column(task_run_id, uuid, false, "")       \
  column(result_artifact_id, uuid, true, "")
// clang-format on

#define HANGAR_NAME_OF_COLUMN(name, type, nullable, default_value) name,
#define HANGAR_COLUMN(name, type, nullable, default_value) \
  hangar::Column{#name, ColumnType::type, nullable, default_value},

namespace task_run {
enum Column : std::size_t { HANGAR_TASK_RUN_COLUMNS(HANGAR_NAME_OF_COLUMN) column_count };
inline constexpr std::array<hangar::Column, column_count> columns{
    HANGAR_TASK_RUN_COLUMNS(HANGAR_COLUMN)};
/// What a run is called within its flow run; unique.
inline constexpr std::array<std::size_t, 3> natural_key{flow_run_id, task_key, dynamic_key};
}  // namespace task_run

namespace task_run_state {
enum Column : std::size_t { HANGAR_TASK_RUN_STATE_COLUMNS(HANGAR_NAME_OF_COLUMN) column_count };
inline constexpr std::array<hangar::Column, column_count> columns{
    HANGAR_TASK_RUN_STATE_COLUMNS(HANGAR_COLUMN)};
}  // namespace task_run_state

#undef HANGAR_TASK_RUN_COLUMNS
#undef HANGAR_TASK_RUN_STATE_COLUMNS
#undef HANGAR_NAME_OF_COLUMN
#undef HANGAR_COLUMN

const Table& task_run_table();
const Table& task_run_state_table();
/// Of Prefect's table of flow runs the id, which is all that is ever read of it.
const Table& flow_run_table();

}  // namespace hangar::recorder
