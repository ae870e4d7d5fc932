#include "record.hpp"

#include <algorithm>
#include <array>
#include <set>

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
  Recorded recorded{fold.settle(inserted, repeated), fold.inserts().size(), fold.updates().size(),
                    std::nullopt};
  if (fold.inserts().empty()) return recorded;
  const Uuid& made = fold.inserts()[0][task_run::id].uuid();
  for (std::size_t i = 0; i < recorded.verdicts.size() && !recorded.new_run; ++i) {
    if (recorded.verdicts[i] == Verdict::recorded && events[i].identity().run_id == made) {
      recorded.new_run = i;
    }
  }
  return recorded;
}

Verdict record_task_run_event(Session& session, const PackedEvent& event, Timestamp now) {
  return record_bulk_task_run_events(session, {&event, 1}, Fold::Aliases::any, now)
      .verdicts.front();
}

std::vector<Uuid> stored_flow_runs(Session& session,
                                   std::span<const std::optional<Uuid>> flow_runs) {
  std::set<Uuid> wanted;
  for (const auto& id : flow_runs) {
    if (id) wanted.insert(*id);
  }
  static constexpr std::array<std::size_t, 1> id{0};
  const Keys keys{.columns = {0}, .values = {wanted.begin(), wanted.end()}};
  std::vector<Uuid> stored;
  if (wanted.empty()) return stored;
  const Rows found = session.find(flow_run_table(), {{keys}}, id, Lock::none);
  for (std::size_t i = 0; i < found.size(); ++i) stored.push_back(found[i][0].uuid());
  return stored;
}

}  // namespace hangar::recorder
