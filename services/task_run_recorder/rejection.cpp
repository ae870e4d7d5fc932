#include "rejection.hpp"

#include <fmt/format.h>

namespace hangar::recorder {

Rejection rejection(const DataError& error) {
  return {.reason = error.reason(),
          .error = error.what(),
          .pointer = error.pointer(),
          .sqlstate = error.sqlstate()};
}

Rejection rejection(Verdict verdict, const TaskRunEvent& event) {
  if (verdict == Verdict::collision) {
    return {.reason = "state_timestamp_collision",
            .error = "another state of this run has the same timestamp",
            .pointer = "/payload/validated_state/timestamp"};
  }
  return {.reason = "index_row_too_large",
          .error = fmt::format("PostgreSQL has no room for {} in a row of an index",
                               event.too_long_for_index),
          .pointer = "/payload/task_run"};
}

}  // namespace hangar::recorder
