#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace hangar::batch {

/// Which items of a batch are tried next, together and how, until each is written or refused alone.
/// Pure: the next attempt out, its outcome in.
class BatchPlan {
 public:
  struct Attempt {
    std::size_t first;
    std::size_t count;    ///< At most: a transaction may take fewer.
    bool beside_refused;  ///< What is refused is left aside, for some of it is likely.
  };

  BatchPlan(std::size_t items, bool beside_refused) : stretches_{{items, beside_refused}} {}

  /// Nothing when all is done.
  [[nodiscard]] std::optional<Attempt> next() {
    while (!stretches_.empty() && first_ == stretches_.back().end) stretches_.pop_back();
    if (stretches_.empty()) return std::nullopt;
    const Stretch& now = stretches_.back();
    return Attempt{first_, now.end - first_, now.beside_refused};
  }

  /// So many from the first on were written or left aside.
  void settled(std::size_t items) {
    first_ += items;
    if (items > 0) stretches_.back().beside_refused = false;
  }

  /// The first, tried alone, is done with.
  void judged() { ++first_; }

  /// The whole transaction of `tried` items was refused. Whether it is known which item is refused:
  /// the first, which is done with. Else they are tried beside what is refused; where that was so
  /// already, it is COMMIT that refuses, and names no row: then in halves.
  [[nodiscard]] bool refused(std::size_t tried) {
    if (!stretches_.back().beside_refused) {
      stretches_.back().beside_refused = true;
      return false;
    }
    if (tried == 1) {
      ++first_;
      return true;
    }
    stretches_.push_back({first_ + tried / 2, true});
    return false;
  }

 private:
  struct Stretch {
    std::size_t end;
    bool beside_refused;
  };
  std::vector<Stretch> stretches_;  ///< The innermost last.
  std::size_t first_ = 0;
};

}  // namespace hangar::batch
