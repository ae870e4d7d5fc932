#include "rejection.hpp"

#include <fmt/format.h>

namespace hangar::recorder {

bool is_orphan(const DataError& error) noexcept {
  // Prefect's constraint is fk_task_run__flow_run_id__flow_run; SQLite gives the column.
  return error.reason() == "foreign_key" &&
         error.constraint().find("flow_run_id") != std::string::npos;
}

Rejection rejection(Verdict verdict, const TaskRunEvent& event) {
  if (verdict == Verdict::collision) {
    return {"state_timestamp_collision", "another state of this run has the same timestamp",
            "/payload/validated_state/timestamp"};
  }
  return {
      "index_row_too_large",
      fmt::format("the database has no room for {} in a row of an index", event.too_long_for_index),
      "/payload/task_run"};
}

}  // namespace hangar::recorder
