#include "recorder_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace hangar::recorder {
namespace {

const std::vector<double> seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                  0.5,   1,      2.5,   5,    10,    60,   600};

std::function<void(double)> rows(Metrics& metrics, const char* table, const char* outcome) {
  return metrics.counter("hangar_recorder_rows_total", "Rows by what became of them",
                         {{"table", table}, {"outcome", outcome}});
}

}  // namespace

RecorderMetrics::RecorderMetrics(Metrics& metrics)
    : filtered_{metrics.counter("hangar_messages_filtered_total",
                                "Acked messages that the service has nothing to do with")},
      runs_inserted_{rows(metrics, "task_run", "inserted")},
      runs_updated_{rows(metrics, "task_run", "updated")},
      states_inserted_{rows(metrics, "task_run_state", "inserted")},
      states_repeated_{rows(metrics, "task_run_state", "duplicate")},
      batch_messages_{metrics.histogram("hangar_batch_messages", "Messages of one transaction",
                                        {1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000})},
      batch_seconds_{metrics.histogram("hangar_batch_flush_seconds",
                                       "How long a transaction took, with its retries", seconds)},
      latency_{metrics.histogram("hangar_end_to_end_latency_seconds",
                                 "From when an event occurred until it was durable", seconds)} {}

void RecorderMetrics::committed(std::size_t events, const Recorded& recorded, double took) {
  const auto count = [&](Verdict verdict) {
    return static_cast<double>(std::ranges::count(recorded.verdicts, verdict));
  };
  runs_inserted_(static_cast<double>(recorded.runs_inserted));
  runs_updated_(static_cast<double>(recorded.runs_updated));
  states_inserted_(count(Verdict::recorded));
  states_repeated_(count(Verdict::duplicate));
  batch_messages_(static_cast<double>(events));
  batch_seconds_(took);
}

void RecorderMetrics::durable(Timestamp occurred, Timestamp now) {
  // Clocks differ: an event of the future was durable at once.
  latency_(std::max(0.0, std::chrono::duration<double>(now - occurred).count()));
}

}  // namespace hangar::recorder
