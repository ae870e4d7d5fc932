#pragma once

#include <functional>

#include "hangar/metrics.hpp"
#include "hangar/table.hpp"

namespace hangar::batch {

/// What every service counts that writes batches.
class BatchMetrics {
 public:
  explicit BatchMetrics(Metrics& metrics);

  /// A message was acked that the service has nothing to do with.
  void filtered() { filtered_(1); }
  /// A transaction was committed, `seconds` after its first statement.
  void committed(std::size_t messages, double seconds);
  /// What occurred at `occurred` is durable since `now`.
  void durable(Timestamp occurred, Timestamp now);

 private:
  std::function<void(double)> filtered_;
  std::function<void(double)> messages_;
  std::function<void(double)> seconds_;
  std::function<void(double)> latency_;
};

}  // namespace hangar::batch
