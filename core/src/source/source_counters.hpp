#pragma once

#include <atomic>
#include <cstdint>

namespace hangar {

/// A number that one strand writes and any thread reads.
class Count {
 public:
  void add(std::uint64_t more = 1) noexcept { set(value() + more); }
  void set(std::uint64_t now) noexcept { value_.store(now, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// What a source has seen and done since it was opened. At any moment on the strand: received =
/// acked + given_back + rejected + abandoned + held.
struct SourceCounters {
  Count received;       ///< Messages taken from the stream, copies of held ones not counted.
  Count redelivered;    ///< Of these: delivered before, here or elsewhere.
  Count copies;         ///< Copies of messages that were held at the time.
  Count acked;          ///< Recorded or ignored by the service.
  Count given_back;     ///< To be delivered again.
  Count rejected;       ///< Stored in the dead-letter stream, then acked.
  Count letters;        ///< Rejected messages whose dead letter is not stored yet.
  Count letters_stuck;  ///< 1 while there are so many of them, for want of a stream that takes any,
                        ///< that nothing more is handed out; or 0.
  Count letters_refused;  ///< 1 while the server refuses to make a stream for them; or 0.
  Count abandoned;        ///< Of a stream or consumer that was deleted; not answered.
  Count held;             ///< Messages in this process that have no answer yet.
  Count held_bytes;
  Count in_progress;  ///< Signals that a message is still being worked on.
  Count pulls;
  Count pulls_given_up;  ///< Two heartbeats were missed.
  Count stale_statuses;  ///< Of pulls that lived no more.
  Count unknown_statuses;
  Count connections;   ///< How often it connected.
  Count connected;     ///< 1 or 0.
  Count trouble;       ///< JetStreamHealth::Trouble: why JetStream does not serve, or 0.
  Count acks_denied;   ///< 1 when the server refused an ack lately, or 0.
  Count pulls_denied;  ///< 1 when it refused the last pull, or 0.
  Count incarnations;  ///< How often stream or consumer turned out to be another one.
  // As seen every few seconds.
  Count pending;          ///< Messages of the consumer that were not delivered to any replica yet.
  Count ack_pending;      ///< Delivered to some replica and not acked.
  Count waiting_pulls;    ///< Of all replicas.
  Count oldest_unacked;   ///< When the oldest such message was stored, in seconds since 1970; or 0.
  Count expired_unacked;  ///< Positions below the stream's first that are not acked.
  Count upstream_lost;    ///< Messages that the stream dropped before any replica got them.

  // Of the dead-letter stream, as seen every few seconds.
  Count stored_letters;
  Count stored_letter_bytes;
  Count most_letter_bytes;  ///< How many it takes; 0 without a limit.

  Count to_replay;     ///< Messages that a replay found to re-apply.
  Count drained;       ///< 1 when everything up to the end at the start is settled.
  Count rolled_back;   ///< How often the stream was found to be behind its consumer.
  Count stream_begin;  ///< The first position that the stream had when a replay began.
  Count unsettled;  ///< Positions that a look left out, because their own consumer has not settled
                    ///< them.
};

}  // namespace hangar
