#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/source.hpp"
#include "source/ack_outbox.hpp"
#include "source/credit.hpp"
#include "source/held_message.hpp"
#include "source/source_counters.hpp"

namespace hangar {

/// The messages of a source that have no answer yet, and what becomes of them:
/// received = acked + given back + rejected + abandoned + held. Their answers
/// go into the outbox. A message that outlives its source keeps this alive, and
/// nothing else. Pure; for one strand.
class HeldMessages : public std::enable_shared_from_this<HeldMessages> {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  /// A batch has at most so many bytes, or one message.
  HeldMessages(Credit::Amount most, std::uint64_t batch_bytes,
               std::shared_ptr<SourceCounters> counters)
      : credit_{most}, batch_bytes_{batch_bytes}, counters_{std::move(counters)} {}

  /// A message came. When it is a copy of one that is held, only its reply
  /// subject is kept; a server's marker of what it deleted is passed over.
  void arrived(WireMessage message, std::string_view reply, const AckSubject& ack, Time now);
  /// One came that nobody is to see.
  void pass_over(WireMessage message, std::string_view reply);

  /// Hands out the oldest of those that were not handed out.
  Batch take(std::size_t limit, Time now);
  [[nodiscard]] bool none_ready() const noexcept { return ready_.empty(); }
  /// Whether a batch of `limit` messages needs no more of them.
  [[nodiscard]] bool fill_batch(std::size_t limit) const noexcept {
    return ready_.size() >= limit || ready_bytes_ >= batch_bytes_;
  }
  /// When a batch of `limit` messages is due that is to come `linger` after the one before, or
  /// after the beginning: one that needs no more of them is due already.
  [[nodiscard]] Time batch_due(std::size_t limit, Milliseconds linger) const noexcept {
    return fill_batch(limit) ? taken_ : later(taken_, linger);
  }

  /// Throws std::logic_error for a message that no dead letter can be made of: that has its answer,
  /// has no data any more, or is of another source.
  void check_rejectable(const Message& message) const;
  /// The whole of `message`; null when it has an answer, no data, or was abandoned.
  static HeldMessage* find(const Message& message) noexcept;
  void ack(HeldMessage& message) noexcept;
  void nak(HeldMessage& message, Milliseconds delay) noexcept;
  /// It is a dead letter now.
  void reject(HeldMessage& message) noexcept;
  void drop_data(HeldMessage& message, std::size_t kept) noexcept;

  void nak_what_is_ready() noexcept;
  /// Each with a delay of its own.
  void nak_all(const std::function<Milliseconds()>& delay) noexcept;
  /// No answer is sent any more: it would hit messages of another stream that
  /// have the same numbers.
  void abandon() noexcept;
  /// The reply subjects of those for which nothing was sent for so long; for
  /// them that begins anew.
  std::vector<std::string> due(Time now, std::chrono::nanoseconds after);

  /// When the stream took the oldest of them; nothing when there is none.
  [[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> oldest_stored()
      const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
  [[nodiscard]] const Credit& credit() const noexcept { return credit_; }
  AckOutbox& outbox() noexcept { return outbox_; }

 private:
  void answer(HeldMessage& message, std::string_view body);
  void count() noexcept;

  Credit credit_;
  std::uint64_t batch_bytes_;
  std::shared_ptr<SourceCounters> counters_;
  AckOutbox outbox_;
  /// By position in the stream.
  boost::unordered_flat_map<std::uint64_t, HeldMessage*> held_;
  /// Those of them that were not handed out, in order of arrival.
  std::deque<std::unique_ptr<HeldMessage>> ready_;
  std::uint64_t ready_bytes_ = 0;
  Time taken_ = std::chrono::steady_clock::now();
};

}  // namespace hangar
