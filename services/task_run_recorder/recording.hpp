#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "hangar/batch_target.hpp"
#include "recorder_metrics.hpp"

namespace hangar::recorder {

/// Events into the rows of Prefect's two tables, by the law of `Fold`; items are PackedEvents.
class Recording final : public BatchTransaction {
 public:
  Recording(RecorderMetrics& metrics, Timestamp now)
      : metrics_{metrics}, now_{now}, stored_{task_run_table()} {}

  Written write(Session& session, AnyItems items, WriteCall& call) override;
  void find(Session& session, AnyItems items) override;
  std::vector<bool> find_unlocked(Session& session, AnyItems items) override;
  /// Of the flow runs.
  std::vector<bool> orphans(Session& session, AnyItems items) override;
  void committed() override { metrics_.committed(wrote_); }

 private:
  RecorderMetrics& metrics_;
  Timestamp now_;
  Rows stored_;
  RowCounts wrote_;
};

class RecorderTarget final : public BatchTarget {
 public:
  explicit RecorderTarget(Metrics& metrics) : metrics_{metrics} {}

  [[nodiscard]] std::unique_ptr<BatchTransaction> begin() override;
  [[nodiscard]] std::shared_ptr<const WriteProof> proof(const detail::BatchItem& item) override;
  /// An event whose flow run is missing is an `orphan_flow_run`.
  [[nodiscard]] std::optional<Rejection> orphan(const DataError& error) override;

 private:
  RecorderMetrics metrics_;
};

}  // namespace hangar::recorder
