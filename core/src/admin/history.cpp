#include "admin/history.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "admin/status.hpp"

namespace json = boost::json;

namespace hangar {

void History::look(const Snapshot& seen, Clock::time_point now) {
  const std::scoped_lock lock{mutex_};
  if (!samples_.empty() && now - samples_.back().at < interval) return;
  Sample sample{.at = now, .dead_letters = dead_letters(seen), .services = {}};
  for (const auto& service : seen.services) {
    if (service.sources.empty()) continue;
    Numbers& numbers = sample.services[service.name];
    for (const auto& source : service.sources) {
      numbers.settled += source.acked + source.rejected;
      numbers.pending += source.pending;
      numbers.lag_seconds = std::max(numbers.lag_seconds, source.lag_seconds);
    }
  }
  samples_.push_back(std::move(sample));
  while (now - samples_.front().at > span) samples_.pop_front();
}

std::string History::json() const {
  const std::scoped_lock lock{mutex_};
  json::array ages;
  json::array letters;
  json::object services;
  for (const Sample& sample : samples_) {
    const auto age = samples_.back().at - sample.at;
    ages.emplace_back(std::chrono::duration_cast<std::chrono::milliseconds>(age).count());
    letters.emplace_back(sample.dead_letters);
    for (const auto& [name, numbers] : sample.services) {
      json::value& told = services[name];
      if (told.is_null()) {
        told = {
            {"settled", json::array{}}, {"pending", json::array{}}, {"lag_seconds", json::array{}}};
      }
      json::object& lists = told.as_object();
      lists["settled"].as_array().emplace_back(numbers.settled);
      lists["pending"].as_array().emplace_back(numbers.pending);
      lists["lag_seconds"].as_array().emplace_back(numbers.lag_seconds);
    }
  }
  const json::object all{{"age_ms", std::move(ages)},
                         {"dead_letters", std::move(letters)},
                         {"services", std::move(services)}};
  return json::serialize(all) + '\n';
}

}  // namespace hangar
