#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hangar/service.hpp"
#include "isolation.hpp"
#include "refused_messages.hpp"
#include "retryable_event.hpp"
#include "trial.hpp"

namespace hangar::recorder {

/// What becomes of events that the storage refuses. One is a dead letter only when the storage
/// takes others by the same write afterwards (`LeftAside::at_fault`), or beside it, in one
/// transaction, what it took before (`judge`); without that proof it is held: given
/// back to the stream, where it survives a restart, and tried again for as long as it takes, unless
/// a person decides (`hangar dlq force`).
class Refusals {
 public:
  Refusals(Context& context, std::size_t max_persist_retries,
           std::vector<Duration> orphan_retry_delays)
      : context_{context},
        max_persist_retries_{max_persist_retries},
        orphan_retry_delays_{std::move(orphan_retry_delays)} {}

  /// Of a message that comes: why it is a dead letter, which is told once, else whether it was
  /// refused before.
  [[nodiscard]] std::optional<Rejection> take_condemned(const Message& message) {
    return refused_.take_condemned(message);
  }
  [[nodiscard]] bool suspects(const Message& message) const { return refused_.suspects(message); }

  /// Keeps one of the events, if it is a proof that the storage takes such rows: others are judged
  /// by it.
  void learn_from(std::span<const EventPool::Event> events, const Recorded& recorded);
  /// What was refused before is recorded.
  void forget(const Message& message) { refused_.forget(message); }

  /// Gives back what is a dead letter when it comes again, whole.
  void condemn(Message& message, Rejection why);
  /// Answers for events that were refused alone, each with its `refused`.
  boost::asio::awaitable<void> answer(std::size_t lane, std::span<const EventPool::Event> events,
                                      Source& source);
  /// Says for a minute what is held, and since when it is not any more.
  void tell_of_held();

 private:
  [[nodiscard]] std::optional<Duration> next_try(const RetryableEvent& event) const;
  /// Of each of the events.
  boost::asio::awaitable<std::vector<Judgement>> judged(std::size_t lane,
                                                        std::vector<RetryableEvent*> events);
  void nak_later(RetryableEvent& event, Duration delay);
  void hold(RetryableEvent& event);

  Context& context_;
  std::size_t max_persist_retries_;
  std::vector<Duration> orphan_retry_delays_;
  RefusedMessages refused_;
  std::shared_ptr<const AcceptedEvent> accepted_;  ///< The latest; none before the first.
  bool holding_ = false;
  std::optional<RefusedMessages::Clock::time_point> told_of_locked_;
};

}  // namespace hangar::recorder
