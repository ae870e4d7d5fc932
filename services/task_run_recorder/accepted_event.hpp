#pragma once

#include <cstddef>
#include <vector>

#include "hangar/batch_target.hpp"
#include "packed_event.hpp"

namespace hangar::recorder {

/// An event whose rows went in: the proof that the database takes such rows.
class AcceptedEvent final : public WriteProof {
 public:
  explicit AcceptedEvent(const PackedEvent& event);

  /// Inserts run and state of the event once more, under names that nothing else has, and updates
  /// that run: what the recorder ever writes.
  [[nodiscard]] bool goes_in_again(Session& session) const override;

 private:
  std::vector<std::byte> memory_;
  PackedEvent event_;
};

}  // namespace hangar::recorder
