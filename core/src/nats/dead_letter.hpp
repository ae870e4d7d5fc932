#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/source.hpp"
#include "nats/wire_message.hpp"

namespace hangar {

/// Where a dead letter comes from.
struct DeadLetterOrigin {
  std::string service;
  std::string stream;
  std::string stream_created;  ///< Tells the stream from a later one of that name.
  std::string subject;
  std::uint64_t sequence = 0;
  std::uint64_t deliveries = 0;
  std::chrono::sys_time<std::chrono::nanoseconds> rejected{};
};

/// A dead letter as `hangar dlq ls` shows it.
struct DeadLetter {
  std::uint64_t dead_letter_sequence = 0;  ///< Position in the dead-letter stream.
  std::string service;
  std::string stream;
  std::string subject;  ///< That the event was published to.
  std::uint64_t sequence = 0;
  std::uint64_t deliveries = 0;
  std::string time;  ///< When it was rejected, ISO 8601 in UTC.
  std::string reason;
  std::string error;
  std::string pointer;
  std::string sqlstate;
  std::uint64_t size = 0;  ///< Bytes of the event.
};

/// `hangar.dlq.<service>`.
std::string dead_letter_subject(std::string_view service);

/// The headers of a dead letter: reason and origin as `Hangar-Dlq-…`, the event's own headers
/// prefixed `Hangar-Dlq-Original-`, and the `Nats-Msg-Id` by which a second copy is recognised.
/// What could break the header block (CR, LF, NUL) becomes a blank; texts end at 4 KiB.
Headers dead_letter_headers(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original);

struct DeadLetterParts {
  Headers headers;
  std::string body;
};

/// Headers and body of a dead letter. The body is the event as it came; where both together are
/// larger than the server takes, the original headers go first and then the end of the body, which
/// `Hangar-Dlq-Truncated` (the full size) tells: the event itself is still in its stream.
DeadLetterParts dead_letter(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original, std::string_view body,
                            std::uint64_t max_payload);

/// Reads the headers of `message` back; absent ones stay empty.
DeadLetter read_dead_letter(natsMsg& message);

}  // namespace hangar
