#pragma once

#include <cstddef>
#include <span>

#include "batch_size.hpp"
#include "isolation.hpp"
#include "retryable_event.hpp"

namespace hangar::recorder {

/// One attempt to write events of a lane, which is run again after a failure that passes.
class Attempt {
 public:
  using Events = std::span<EventPool::Event>;

  /// `oldest`: see `Fold::apply`. `beside_refused`: what is refused is left aside; else it is
  /// thrown, as DataError, at no cost where nothing is refused. What is given must stay.
  Attempt(Events events, std::size_t oldest, BatchSize& batch_size, bool beside_refused)
      : events_{events},
        oldest_{oldest},
        batch_size_{batch_size},
        beside_refused_{beside_refused} {}

  /// On a storage thread, in a transaction. A failure that may pass, and may be a row's fault, is
  /// thrown as DataError too; so is that an event takes too long, when it does so alone and again.
  void run(Session& session, Timestamp now);

  /// How many events, from the first on, it was tried with.
  [[nodiscard]] std::size_t tried() const noexcept { return tried_; }
  /// How many events it recorded or left aside.
  [[nodiscard]] std::size_t settles() const noexcept {
    return isolated_.done.size() + isolated_.refused.size();
  }
  /// Brings those that were recorded to the front, behind them those that were left aside. Once.
  void arrange();
  [[nodiscard]] const Recorded& recorded() const noexcept { return isolated_.recorded; }
  /// Of the event at this place, which was left aside; after `arrange`.
  [[nodiscard]] const LeftAside& left_aside(std::size_t place) const {
    return isolated_.refused[place - isolated_.done.size()];
  }

 private:
  void record(Session& session, std::span<const PackedEvent> batch, Timestamp now);

  Events events_;
  std::size_t oldest_;
  BatchSize& batch_size_;
  bool beside_refused_;
  std::size_t tried_ = 0;
  std::size_t races_ = 0;
  std::size_t cancelled_alone_ = 0;
  Isolated isolated_{};
};

}  // namespace hangar::recorder
