#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  /// Position that an equal letter had and that holds none any more; 0 when there was none.
  std::uint64_t after = 0;
};

/// A dead letter as `hangar dlq ls` shows it.
struct DeadLetter {
  std::uint64_t dead_letter_sequence = 0;  ///< Position in the dead-letter stream.
  std::chrono::sys_time<std::chrono::nanoseconds> stored{};  ///< When that stream took it.
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
  std::uint64_t size = 0;   ///< Bytes of the event.
  bool incomplete = false;  ///< The letter lacks headers or bytes of the event, for want of room.
};

/// A dead letter with the event, as far as it is in it.
struct StoredLetter {
  StoredLetter() = default;

  DeadLetter letter;
  Headers original;  ///< The event's own headers.
  std::string body;
};

/// Which letters a command is about. What is empty selects every letter.
struct DeadLetterFilter {
  DeadLetterFilter() = default;

  std::string service{};
  std::string reason{};
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> since{};
  std::vector<std::uint64_t> sequences{};  ///< Positions in the dead-letter stream.
  std::size_t limit = 1000;                ///< The oldest of those that are selected.
};

/// Whether the letter is one of those; the limit is the caller's to count.
bool selects(const DeadLetterFilter& filter, const DeadLetter& letter);

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
/// larger than the server takes, the original headers go first, then texts are cut to 256 bytes,
/// then the end of the body goes. `Hangar-Dlq-Truncated` (the full size of the body) tells that
/// something is missing: the event itself is still in its stream, at `Hangar-Dlq-Sequence`.
DeadLetterParts dead_letter(const DeadLetterOrigin& origin, const Rejection& why,
                            const Headers& original, std::string_view body,
                            std::uint64_t max_payload);

/// Reads the headers back, with or without a body; absent ones stay empty.
DeadLetter read_dead_letter(const Headers& headers, std::size_t body_size);

/// The event's own headers, from those of its letter.
Headers original_headers(const Headers& letter);

/// Those of the event's own headers that may go with it when it is published once more: not those
/// by which a server decides whether to take a message.
Headers republished_headers(const Headers& original);

/// The same for every replay of one letter, so that a second one within the stream's duplicate
/// window is not stored again, and for no other message. `created` is the dead-letter stream's.
std::string replay_id(std::string_view created, std::uint64_t dead_letter_sequence);

}  // namespace hangar
