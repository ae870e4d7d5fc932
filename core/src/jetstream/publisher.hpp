#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hangar/log.hpp"
#include "nats/nats_config.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

/// One message to publish.
struct PublishLine {
  std::string subject;
  std::string id;  ///< `Nats-Msg-Id`: a second copy within 5 minutes is not stored. May be empty.
  std::string body;
  std::string origin;  ///< What errors call it, for example `events.jsonl:12`.
  Headers headers{};   ///< Beside the id.
};

struct PublishOutcome {
  std::uint64_t stored = 0;      ///< Taken by the stream for the first time.
  std::uint64_t duplicates = 0;  ///< Already there.
};

struct PublisherOptions {
  NatsConfig nats;
  /// How long nothing may succeed: no connection, no answer.
  std::chrono::milliseconds patience{10'000};
  /// What is known of the server when nothing succeeds, before what it said; may be empty.
  std::function<std::string()> trouble{};
};

/// Publishes what `next` returns until that is nothing, up to 4,000 messages and 16 MiB at a time,
/// and returns when the server has confirmed that every one is stored; a message that is not
/// confirmed is sent again. Streams of Prefect's subjects are created when they are absent.
/// `progress` is called with the number of confirmed messages. Blocks; both functions are called on
/// this thread. Throws ConfigError, TransientError when the server cannot be reached, and Error,
/// which names the line, when a message is refused; what was confirmed stays published.
PublishOutcome publish_lines(const PublisherOptions& options, Log& log,
                             const std::function<std::optional<PublishLine>()>& next,
                             const std::function<void(std::uint64_t done)>& progress);

}  // namespace hangar
