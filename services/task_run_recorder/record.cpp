#include "record.hpp"

#include <algorithm>
#include <array>

#include "hangar/failpoint.hpp"

namespace hangar::recorder {

Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     Fold::Aliases aliases, Timestamp now) {
  Fold fold{events, now};
  const Rows stored = session.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows);
  failpoint(Failpoint::keys_read);
  if (fold.apply(stored, aliases) == 0) return {};

  if (!fold.inserts().empty()) {
    const auto inserted = session.insert_missing(fold.inserts());
    if (std::ranges::find(inserted, false) != inserted.end()) {
      throw TransientError{"another writer inserted a task run with the same id or natural key",
                           TransientError::Retry::conflict};
    }
  }
  if (!fold.updates().empty()) session.update(fold.updates());

  const auto inserted = session.insert_missing(fold.states());
  const Keys missing = fold.missing_states(inserted);
  static constexpr std::array<std::size_t, 1> id{task_run_state::id};
  const Rows repeated = missing.values.empty()
                            ? Rows{task_run_state_table()}
                            : session.find(task_run_state_table(), {{missing}}, id, Lock::none);
  return {fold.settle(inserted, repeated), fold.inserts().size(), fold.updates().size()};
}

Verdict record_task_run_event(Session& session, const PackedEvent& event, Timestamp now) {
  return record_bulk_task_run_events(session, {&event, 1}, Fold::Aliases::any, now)
      .verdicts.front();
}

}  // namespace hangar::recorder
