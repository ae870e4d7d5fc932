#pragma once

#include <array>
#include <cstdint>

#include "async/shared_value.hpp"

namespace hangar {

/// What a source has seen and done since it was opened: a Count each while it runs, and plain
/// numbers of what was seen of it. At any moment on the strand: received = acked + nacked +
/// rejected + abandoned + held.
template <class Number>
struct SourceNumbers {
  Number received{};         ///< Messages taken from the stream, copies of held ones not counted.
  Number redelivered{};      ///< Of these: delivered before, here or elsewhere.
  Number copies{};           ///< Copies of messages that were held at the time.
  Number acked{};            ///< Recorded or ignored by the service.
  Number nacked{};           ///< To be delivered again.
  Number rejected{};         ///< Stored in the dead-letter stream, then acked.
  Number letters{};          ///< Rejected messages whose dead letter is not stored yet.
  Number letters_stuck{};    ///< 1 while there are so many of them, for want of a stream that takes
                             ///< any, that nothing more is handed out; or 0.
  Number letters_refused{};  ///< 1 while there is no stream that takes each of them; or 0.
  Number abandoned{};        ///< Of a stream or consumer that was deleted; not answered.
  Number held{};             ///< Messages in this process that have no answer yet.
  Number held_bytes{};
  Number in_progress{};  ///< Signals that a message is still being worked on.
  Number pulls{};
  Number stale_statuses{};  ///< Of pulls that lived no more.
  Number unknown_statuses{};
  Number connections{};   ///< How often it connected.
  Number connected{};     ///< 1 or 0.
  Number trouble{};       ///< JetStreamHealth::Trouble: why JetStream does not serve, or 0.
  Number acks_denied{};   ///< 1 when the server refused an ack lately, or 0.
  Number pulls_denied{};  ///< 1 when it refused the last pull, or 0.
  Number incarnations{};  ///< How often stream or consumer turned out to be another one.
  // As seen every few seconds.
  Number pending{};        ///< Messages of the consumer that were not delivered to any replica yet.
  Number ack_pending{};    ///< Delivered to some replica and not acked.
  Number waiting_pulls{};  ///< Of all replicas.
  Number oldest_unacked{};   ///< When the oldest of these was stored, in seconds since 1970; or 0.
  Number expired_unacked{};  ///< Positions below the stream's first that are not acked.
  Number upstream_lost{};    ///< Messages that the stream dropped before any replica got them.

  // Of the dead-letter stream, as seen every few seconds.
  Number stored_letters{};
  Number stored_letter_bytes{};
  Number most_letter_bytes{};  ///< How many it takes; 0 without a limit.

  Number to_replay{};     ///< Messages that a replay found to re-apply.
  Number drained{};       ///< 1 when everything up to the end at the start is settled.
  Number rolled_back{};   ///< How often the stream was found to be behind its consumer.
  Number stream_begin{};  ///< The first position that the stream had when a replay began.
  Number unsettled{};     ///< Positions that a look left out, because their own consumer has not
                          ///< settled them.

  // Every number is in one of these. Of several runs of one consumer an observer sees the sum,
  using Self = SourceNumbers;
  static constexpr std::array sums{
      &Self::received,       &Self::redelivered,      &Self::copies,      &Self::acked,
      &Self::nacked,         &Self::rejected,         &Self::letters,     &Self::abandoned,
      &Self::held,           &Self::held_bytes,       &Self::in_progress, &Self::pulls,
      &Self::stale_statuses, &Self::unknown_statuses, &Self::connections, &Self::incarnations,
      &Self::upstream_lost,  &Self::to_replay,        &Self::rolled_back, &Self::unsettled};
  // or what the last run knows.
  static constexpr std::array latest{
      &Self::stored_letter_bytes, &Self::pending,        &Self::oldest_unacked,
      &Self::stream_begin,        &Self::letters_stuck,  &Self::ack_pending,
      &Self::acks_denied,         &Self::trouble,        &Self::letters_refused,
      &Self::connected,           &Self::stored_letters, &Self::pulls_denied,
      &Self::most_letter_bytes,   &Self::drained,        &Self::waiting_pulls,
      &Self::expired_unacked};
};

struct SourceCounters : SourceNumbers<Count> {
  Words obstacle;  ///< What went wrong last on the way to its messages; empty when nothing did.
  Words letters_obstacle;  ///< Why a dead letter is not stored, and what mends it; or empty.
};
static_assert((SourceCounters::sums.size() + SourceCounters::latest.size()) * sizeof(Count) ==
              sizeof(SourceNumbers<Count>));

}  // namespace hangar
