#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hangar/storage.hpp"
#include "packed_event.hpp"

namespace hangar::recorder {

/// An event whose rows went in: the proof that the database takes such rows. What a database
/// refuses is only then the event's own fault when another one's rows go in beside it.
class AcceptedEvent {
 public:
  explicit AcceptedEvent(const PackedEvent& event);

  /// Inserts run and state of the event once more, under names that nothing else has, and updates
  /// that run: what the recorder ever writes. Whether all of it went in; throws what the session
  /// throws. The transaction must be rolled back.
  [[nodiscard]] bool goes_in_again(Session& session, Timestamp now) const;

 private:
  std::vector<std::byte> memory_;
  PackedEvent event_;
};

enum class Judgement {
  database_at_fault,  ///< It does not take what it took before either.
  event_at_fault,     ///< It takes what it took before, and not this event.
  accepted,           ///< It takes the event now, or would if nobody had locked its run.
};

/// Whose fault refusals are, of each event alone, told in one transaction, in which nobody changes
/// the tables. The transaction must be rolled back. Throws TransientError when the database cannot
/// tell now.
std::vector<Judgement> judge(Session& session, const AcceptedEvent& accepted,
                             std::span<const PackedEvent> events, Timestamp now);

}  // namespace hangar::recorder
