#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "event_rows.hpp"
#include "hangar/batch_target.hpp"

namespace hangar::persister {

/// What a transaction did.
struct WrittenEvents {
  std::size_t events = 0;     ///< That went in.
  std::size_t resources = 0;  ///< Rows of `event_resources` that went in with them.
  /// One of the events that went in.
  std::optional<std::size_t> new_event;
};

/// Inserts the events whose ids are not stored, the first of several with one id, and the resources
/// of those that went in, in the transaction that is open: two inserts, whatever their number. The
/// rows are those that Prefect's persister leaves when it is fed one event a transaction. Throws
/// what the session throws, with `call.to_blame` set, and what `dropped_row` makes. (Prefect:
/// `write_events` of prefect.server.events.storage.database.)
WrittenEvents write_events(Session& session, Items<EventRows> events, WriteCall& call,
                           Timestamp now);

}  // namespace hangar::persister
