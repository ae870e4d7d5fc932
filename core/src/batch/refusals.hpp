#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "batch/isolation.hpp"
#include "batch/judgement.hpp"
#include "batch/refused_messages.hpp"
#include "hangar/batch_writer.hpp"

namespace hangar::batch {

/// What becomes of items that the storage refuses. One is a dead letter only when the storage takes
/// others by the same write afterwards (`LeftAside::at_fault`), or beside it, in one transaction,
/// what it took before (`judge`); without that proof it is held: given back to the stream, where it
/// survives a restart, and tried again for as long as it takes, unless a person decides
/// (`hangar dlq force`).
class Refusals {
 public:
  Refusals(Context& context, const BatchLimits& limits, BatchTarget& target)
      : context_{context}, limits_{limits}, target_{target} {}

  /// Of a message that comes: why it is a dead letter, which is told once, else whether it was
  /// refused before.
  [[nodiscard]] std::optional<Rejection> take_condemned(const Message& message) {
    return refused_.take_condemned(message);
  }
  [[nodiscard]] bool suspects(const Message& message) const { return refused_.suspects(message); }

  /// Keeps one of the items, if it is a proof that the storage takes such rows: others are judged
  /// by it.
  void learn_from(std::span<const detail::ItemPtr> items, const Written& written);
  /// What was refused before is recorded.
  void forget(const Message& message) { refused_.forget(message); }

  /// Gives back what is a dead letter when it comes again, whole.
  void condemn(Message& message, Rejection why);
  /// Answers for items that were refused alone, each with its `refused`.
  boost::asio::awaitable<void> answer(std::size_t lane, std::span<const detail::ItemPtr> items,
                                      Source& source);
  /// Says for a minute what is held, and since when it is not any more.
  void tell_of_held();

 private:
  [[nodiscard]] std::optional<Duration> next_try(const detail::BatchItem& item) const;
  /// Of each of the items.
  boost::asio::awaitable<std::vector<Judgement>> judged(std::size_t lane,
                                                        std::vector<detail::BatchItem*> items);
  void nak_later(detail::BatchItem& item, Duration delay);
  void hold(detail::BatchItem& item);

  Context& context_;
  const BatchLimits& limits_;
  BatchTarget& target_;
  RefusedMessages refused_;
  std::shared_ptr<const WriteProof> proof_;  ///< The latest; none before the first.
  bool holding_ = false;
  std::optional<RefusedMessages::Clock::time_point> told_of_locked_;
};

}  // namespace hangar::batch
