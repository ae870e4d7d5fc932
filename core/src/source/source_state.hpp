#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "async/waiters.hpp"
#include "hangar/log.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"
#include "source/held_messages.hpp"
#include "source/pull_options.hpp"
#include "source/source_counters.hpp"

namespace hangar {

/// What the parts of a source share: what is asked of it, what it works with, and how far it is.
struct SourceState {
  enum class Phase { opening, pulling, drained, stopping, closed };

  SourceState(const boost::asio::any_io_executor& executor, const NatsConfig& nats,
              PullOptions asked, Log& to);

  std::string recorder;  ///< The consumer of the service; a replay has one of its own.
  PullOptions options;
  Log& log;
  std::uint64_t batch_bytes;
  std::shared_ptr<SourceCounters> counters = std::make_shared<SourceCounters>();
  std::shared_ptr<HeldMessages> held;
  Waiters changes;  ///< The phase, the link or the binding changed.
  std::shared_ptr<Link> link{};
  Phase phase = Phase::opening;

  [[nodiscard]] bool opening() const noexcept { return phase == Phase::opening; }
  [[nodiscard]] bool stopping() const noexcept { return phase >= Phase::stopping; }
  [[nodiscard]] bool closed() const noexcept { return phase == Phase::closed; }
};

}  // namespace hangar
