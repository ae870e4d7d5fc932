#pragma once

#include <cstddef>

#include "hangar/storage.hpp"

/// The two tables of Prefect's database that the recorder writes, with the names of its migrations
/// (prefect.server.database.orm_models, 3.9.1).
namespace hangar::recorder {

namespace task_run {
enum Column : std::size_t {
  id,
  created,
  updated,
  name,
  task_key,
  dynamic_key,
  state_type,
  run_count,
  flow_run_run_count,
  expected_start_time,
  next_scheduled_start_time,
  start_time,
  end_time,
  cache_expiration,
  state_timestamp,
  total_run_time,
  cache_key,
  task_version,
  state_name,
  empirical_policy,
  task_inputs,
  tags,
  labels,
  flow_run_id,
  state_id,
  column_count,
};
}  // namespace task_run

namespace task_run_state {
enum Column : std::size_t {
  id,
  created,
  updated,
  type,
  timestamp,
  name,
  message,
  state_details,
  data,
  task_run_id,
  result_artifact_id,
  column_count,
};
}  // namespace task_run_state

const Table& task_run_table();
const Table& task_run_state_table();
/// Of Prefect's table of flow runs the id, which is all that is ever read of it.
const Table& flow_run_table();

}  // namespace hangar::recorder
