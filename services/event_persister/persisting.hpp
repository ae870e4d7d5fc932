#pragma once

#include <functional>
#include <memory>

#include "hangar/batch_target.hpp"
#include "hangar/metrics.hpp"
#include "write_events.hpp"

namespace hangar::persister {

/// What the persister counts beside what every service does that writes batches.
class PersisterMetrics {
 public:
  explicit PersisterMetrics(Metrics& metrics);

  void committed(std::size_t events, std::size_t duplicates, std::size_t resources);

 private:
  std::function<void(double)> events_;
  std::function<void(double)> duplicates_;
  std::function<void(double)> resources_;
};

/// How events become rows; items are `EventRows`.
class PersisterTarget final : public BatchTarget {
 public:
  explicit PersisterTarget(Metrics& metrics) : metrics_{metrics} {}

  [[nodiscard]] std::unique_ptr<BatchTransaction> begin() override;
  [[nodiscard]] std::shared_ptr<const WriteProof> proof(const detail::BatchItem& item) override;

 private:
  PersisterMetrics metrics_;
};

}  // namespace hangar::persister
