#pragma once

#include <functional>

#include "hangar/metrics.hpp"
#include "record.hpp"

namespace hangar::recorder {

/// What the recorder counts.
class RecorderMetrics {
 public:
  explicit RecorderMetrics(Metrics& metrics);

  /// An event of another kind was read.
  void filtered() { filtered_(1); }
  /// A batch was committed at `now`, `seconds` after its first statement.
  void committed(std::size_t events, const Recorded& recorded, double seconds);
  /// An event that occurred at `occurred` is durable since `now`.
  void durable(Timestamp occurred, Timestamp now);

 private:
  std::function<void(double)> filtered_;
  std::function<void(double)> runs_inserted_;
  std::function<void(double)> runs_updated_;
  std::function<void(double)> states_inserted_;
  std::function<void(double)> states_repeated_;
  std::function<void(double)> batch_messages_;
  std::function<void(double)> batch_seconds_;
  std::function<void(double)> latency_;
};

}  // namespace hangar::recorder
