#pragma once

#include <functional>

#include "hangar/metrics.hpp"
#include "record.hpp"

namespace hangar::recorder {

/// What became of rows in one transaction.
struct RowCounts {
  std::size_t runs_inserted = 0;
  std::size_t runs_updated = 0;
  std::size_t states_inserted = 0;
  std::size_t states_repeated = 0;

  void add(const Recorded& recorded);
};

/// What the recorder counts beside what every service does that writes batches.
class RecorderMetrics {
 public:
  explicit RecorderMetrics(Metrics& metrics);

  void committed(const RowCounts& wrote);

 private:
  std::function<void(double)> runs_inserted_;
  std::function<void(double)> runs_updated_;
  std::function<void(double)> states_inserted_;
  std::function<void(double)> states_repeated_;
};

}  // namespace hangar::recorder
