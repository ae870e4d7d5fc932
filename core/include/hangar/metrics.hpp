#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/version.hpp"

namespace hangar {

/// The numbers of one service that `/metrics` shows, beside those that the host itself keeps. What
/// it returns may be called from any thread for as long as the service lives; a series that was
/// asked for before, by an earlier run too, goes on. Names and units are Prometheus'
/// (https://prometheus.io/docs/practices/naming/); labels are closed sets, never ids. The label
/// `service` is added. Throws std::invalid_argument for a name that Prometheus does not allow.
class HANGAR_API Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  virtual ~Metrics();

  /// Returns what adds to a counter, whose series is there from now on.
  virtual std::function<void(double more)> counter(const std::string& name, const std::string& help,
                                                   const Labels& labels = {}) = 0;
  /// Returns what takes an observation; `bounds` are the upper bounds of the buckets, ascending.
  virtual std::function<void(double value)> histogram(const std::string& name,
                                                      const std::string& help,
                                                      const std::vector<double>& bounds) = 0;
};

}  // namespace hangar
