#include "batch/batch_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace hangar::batch {
namespace {

const std::vector<double> upper_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                       0.5,   1,      2.5,   5,    10,    60,   600};

}  // namespace

BatchMetrics::BatchMetrics(Metrics& metrics)
    : filtered_{metrics.counter("hangar_messages_filtered_total",
                                "Acked messages that the service has nothing to do with")},
      messages_{metrics.histogram("hangar_batch_messages", "Messages of one transaction",
                                  {1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000})},
      seconds_{metrics.histogram("hangar_batch_flush_seconds",
                                 "How long a transaction took, with its retries", upper_bounds)},
      latency_{metrics.histogram("hangar_end_to_end_latency_seconds",
                                 "From when an event occurred until it was durable",
                                 upper_bounds)} {}

void BatchMetrics::committed(std::size_t messages, double seconds) {
  messages_(static_cast<double>(messages));
  seconds_(seconds);
}

void BatchMetrics::durable(Timestamp occurred, Timestamp now) {
  // Clocks differ: an event of the future was durable at once.
  latency_(std::max(0.0, std::chrono::duration<double>(now - occurred).count()));
}

}  // namespace hangar::batch
