#pragma once

#include <memory>
#include <span>
#include <vector>

#include "hangar/batch_target.hpp"
#include "packed_event.hpp"

namespace hangar::recorder {

/// Events as items, which come in this order.
class ItemsOf {
 public:
  explicit ItemsOf(std::span<const PackedEvent> events, std::span<const ItemNames> names = {}) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      items_.push_back(std::make_unique<detail::ItemOf<PackedEvent>>(events[i]));
      if (!names.empty()) items_.back()->names = names[i];
      all_.push_back(items_.back().get());
    }
  }
  [[nodiscard]] AnyItems all() const { return all_; }

 private:
  std::vector<std::unique_ptr<detail::BatchItem>> items_;
  std::vector<const detail::BatchItem*> all_;
};

}  // namespace hangar::recorder
