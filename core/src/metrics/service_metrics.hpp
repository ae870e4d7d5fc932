#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "hangar/metrics.hpp"

namespace hangar {

/// The numbers of one service in the registry of all; the registry lives as long as what was
/// returned.
class ServiceMetrics final : public Metrics {
 public:
  ServiceMetrics(std::shared_ptr<prometheus::Registry> registry, std::string service)
      : registry_{std::move(registry)}, service_{std::move(service)} {}

  std::function<void(double)> counter(const std::string& name, const std::string& help,
                                      const Labels& labels) override;
  std::function<void(double)> histogram(const std::string& name, const std::string& help,
                                        const std::vector<double>& bounds) override;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::string service_;
};

}  // namespace hangar
