#pragma once

#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/source.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/link.hpp"
#include "nats/nats_config.hpp"
#include "source/held_messages.hpp"
#include "source/source_counters.hpp"

namespace hangar {

struct PullOptions {
  SourceOptions source;
  std::string service;
  /// End when everything that was in the stream at the start is settled.
  bool until_drained = false;
  /// Re-apply what the stream holds from here on up to its present end, then end: over a consumer
  /// of this source's own, so that `source.durable` stays where it is.
  std::optional<StreamStart> replay{};
  /// A replay that changes nothing but what the caller does: no stream is created and nothing is
  /// dead-lettered, it ends where everything up to there was settled by `source.durable`, if there
  /// is such a consumer, and passes over what was dead-lettered.
  struct DryRun {
    std::vector<std::uint64_t> dead_lettered;  ///< Positions in the stream, ascending.
  };
  std::optional<DryRun> dry_run{};
};

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
  Condition changes;  ///< The phase, the link or the binding changed.
  std::shared_ptr<Link> link{};
  Phase phase = Phase::opening;

  /// The subject of a call to JetStream about the consumer.
  [[nodiscard]] std::string about_consumer(std::string_view call) const {
    return link->api(
        fmt::format("CONSUMER.{}.{}.{}", call, options.source.stream, options.source.durable));
  }
  [[nodiscard]] bool opening() const noexcept { return phase == Phase::opening; }
  [[nodiscard]] bool stopping() const noexcept { return phase >= Phase::stopping; }
  [[nodiscard]] bool closed() const noexcept { return phase == Phase::closed; }
};

}  // namespace hangar
