#include "jetstream/consumer_lag.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace hangar {

std::vector<ConsumerLag> lags_of(const std::string& stream, std::vector<ConsumerInfo> consumers) {
  std::ranges::sort(consumers, {}, &ConsumerInfo::durable);
  std::vector<ConsumerLag> lags;
  std::optional<ConsumerLag> others;
  for (const ConsumerInfo& consumer : consumers) {
    if (!consumer.durable.empty() && lags.size() < ConsumerLag::most_durables) {
      lags.push_back({stream, consumer.durable, consumer.pending, consumer.ack_pending});
      continue;
    }
    if (!others) others = ConsumerLag{.stream = stream, .consumer = ConsumerLag::others};
    others->pending = std::max(others->pending, consumer.pending);
    others->ack_pending = std::max(others->ack_pending, consumer.ack_pending);
  }
  if (others) lags.push_back(*std::move(others));
  return lags;
}

}  // namespace hangar
