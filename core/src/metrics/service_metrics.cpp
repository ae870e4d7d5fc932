#include "metrics/service_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <map>

namespace hangar {

Metrics::~Metrics() = default;

std::function<void(double)> ServiceMetrics::counter(const std::string& name,
                                                    const std::string& help, const Labels& labels) {
  std::map<std::string, std::string> all{labels.begin(), labels.end()};
  all.emplace("service", service_);
  auto& counter = prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(all);
  return [keep = registry_, &counter](double more) { counter.Increment(more); };
}

std::function<void(double)> ServiceMetrics::histogram(const std::string& name,
                                                      const std::string& help,
                                                      const std::vector<double>& bounds) {
  auto& histogram = prometheus::BuildHistogram()
                        .Name(name)
                        .Help(help)
                        .Register(*registry_)
                        .Add({{"service", service_}}, bounds);
  return [keep = registry_, &histogram](double value) { histogram.Observe(value); };
}

}  // namespace hangar
