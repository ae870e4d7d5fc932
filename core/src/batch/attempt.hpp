#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "batch/adaptive_batch_size.hpp"
#include "batch/isolation.hpp"

namespace hangar::batch {

/// One attempt to write items of a lane, which is run again after a failure that passes.
class Attempt {
 public:
  using OwnedItems = std::span<detail::ItemPtr>;

  /// `oldest`: see `WriteCall::oldest`. `beside_refused`: what is refused is left aside; else it is
  /// thrown, as DataError, at no cost where nothing is refused. What is given must stay.
  Attempt(OwnedItems items, std::size_t oldest, AdaptiveBatchSize& batch_size, BatchTarget& target,
          bool beside_refused)
      : items_{items},
        oldest_{oldest},
        batch_size_{batch_size},
        target_{target},
        beside_refused_{beside_refused} {}

  /// On a storage thread, in a transaction. A failure that may pass, and may be a row's fault, is
  /// thrown as DataError too; so is that an item takes too long, when it does so alone and again.
  void run(Session& session);

  /// How many items, from the first on, it was tried with.
  [[nodiscard]] std::size_t tried() const noexcept { return tried_; }
  /// How many items it wrote or left aside.
  [[nodiscard]] std::size_t settles() const noexcept {
    return isolated_.done.size() + isolated_.refused.size();
  }
  /// It is durable: brings those that were written to the front, behind them those that were left
  /// aside. Once.
  void committed();
  [[nodiscard]] const Written& written() const noexcept { return isolated_.written; }
  /// Of the item at this place, which was left aside; after `committed`.
  [[nodiscard]] const LeftAside& left_aside(std::size_t place) const {
    return isolated_.refused[place - isolated_.done.size()];
  }

 private:
  void write(Session& session, AnyItems batch);

  OwnedItems items_;
  std::size_t oldest_;
  AdaptiveBatchSize& batch_size_;
  BatchTarget& target_;
  bool beside_refused_;
  std::size_t tried_ = 0;
  std::size_t races_ = 0;
  std::size_t cancelled_alone_ = 0;
  std::unique_ptr<BatchTransaction> transaction_;
  Isolated isolated_{};
};

}  // namespace hangar::batch
