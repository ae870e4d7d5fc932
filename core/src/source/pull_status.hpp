#pragma once

#include <string_view>

namespace hangar {

/// What the server says about a pull, instead of a message.
enum class PullStatus {
  heartbeat,            ///< The pull lives and nothing is there.
  ended,                ///< The ordinary end: time, or all that was asked for.
  leadership_changed,   ///< The consumer moved to another server: pull again.
  consumer_gone,        ///< Consumer or stream was deleted.
  message_too_big,      ///< The next message does not fit into the pull's bytes.
  too_many_waiting,     ///< Other replicas' pulls fill the server's queue.
  over_request_batch,   ///< The consumer allows fewer messages a pull.
  over_request_bytes,   ///< The consumer allows fewer bytes a pull.
  over_request_expiry,  ///< The consumer allows a shorter life of a pull.
  no_responders,        ///< Nobody serves this consumer at present.
  refused,              ///< The consumer cannot be pulled from as it is configured.
  unknown,              ///< Treated as the end of the pull.
};

/// Judges the `Status` and `Description` headers by code and text, never by text alone. Source of
/// the texts: nats-server 2.9 to 2.15.
PullStatus classify_pull_status(std::string_view code, std::string_view text) noexcept;

}  // namespace hangar
