#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hangar/metrics.hpp"

namespace hangar::testing {

class UncountedMetrics final : public Metrics {
 public:
  std::function<void(double)> counter(const std::string&, const std::string&,
                                      const Labels&) override {
    return [](double) {};
  }
  std::function<void(double)> histogram(const std::string&, const std::string&,
                                        const std::vector<double>&) override {
    return [](double) {};
  }
};

}  // namespace hangar::testing
