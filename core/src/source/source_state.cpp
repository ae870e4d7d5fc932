#include "source/source_state.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

namespace hangar {
namespace {

// A replay leaves the service's own where it is.
PullOptions over_own_consumer(PullOptions options) {
  if (!options.replay) return options;
  options.until_drained = true;
  options.source.durable += fmt::format("-replay-{:08x}", std::random_device{}());
  return options;
}

}  // namespace

SourceState::SourceState(const boost::asio::any_io_executor& executor, const NatsConfig& nats,
                         PullOptions asked, Log& to)
    : recorder{asked.source.durable},
      options{over_own_consumer(std::move(asked))},
      log{to},
      batch_bytes{nats.credit_bytes.value / (options.source.lanes + 1)},
      held{
          std::make_shared<HeldMessages>(Credit::Amount{.messages = credit_messages(options.source),
                                                        .bytes = nats.credit_bytes.value},
                                         batch_bytes, counters)},
      changes{executor} {}

}  // namespace hangar
