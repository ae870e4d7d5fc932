#include "recorder_metrics.hpp"

#include <algorithm>

namespace hangar::recorder {
namespace {

std::function<void(double)> rows(Metrics& metrics, const char* table, const char* outcome) {
  return metrics.counter("hangar_recorder_rows_total", "Rows by what became of them",
                         {{"table", table}, {"outcome", outcome}});
}

}  // namespace

void RowCounts::add(const Recorded& recorded) {
  const auto count = [&](Verdict verdict) {
    return static_cast<std::size_t>(std::ranges::count(recorded.verdicts, verdict));
  };
  runs_inserted += recorded.runs_inserted;
  runs_updated += recorded.runs_updated;
  states_inserted += count(Verdict::recorded);
  states_repeated += count(Verdict::duplicate);
}

RecorderMetrics::RecorderMetrics(Metrics& metrics)
    : runs_inserted_{rows(metrics, "task_run", "inserted")},
      runs_updated_{rows(metrics, "task_run", "updated")},
      states_inserted_{rows(metrics, "task_run_state", "inserted")},
      states_repeated_{rows(metrics, "task_run_state", "duplicate")} {}

void RecorderMetrics::committed(const RowCounts& wrote) {
  runs_inserted_(static_cast<double>(wrote.runs_inserted));
  runs_updated_(static_cast<double>(wrote.runs_updated));
  states_inserted_(static_cast<double>(wrote.states_inserted));
  states_repeated_(static_cast<double>(wrote.states_repeated));
}

}  // namespace hangar::recorder
