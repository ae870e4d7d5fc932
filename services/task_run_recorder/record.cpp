#include "record.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "hangar/failpoint.hpp"

namespace hangar::recorder {
namespace {

/// Runs did not go in that nobody had stored before: throws why.
[[noreturn]] void refuse_missing_runs(Session& session, const Rows& runs,
                                      const std::vector<bool>& inserted) {
  namespace run = task_run;
  std::array<Keys, 2> keys;
  keys[0].columns = {run::id};
  keys[1].columns = {run::flow_run_id, run::task_key, run::dynamic_key};
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i]) continue;
    for (Keys& set : keys) {
      if (runs[i][set.columns[0]].is_null()) continue;
      for (const std::size_t column : set.columns) set.values.push_back(runs[i][column]);
    }
  }
  static constexpr std::array<std::size_t, 1> id{run::id};
  if (session.find(task_run_table(), keys, id, Lock::none).empty()) {
    throw dropped_row(task_run_table());
  }
  throw TransientError{"another writer inserted a task run with the same id or natural key",
                       TransientError::Retry::conflict};
}

}  // namespace

Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     Fold::Aliases aliases, Timestamp now) {
  Fold fold{events, now};
  const Rows stored = session.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows);
  failpoint(Failpoint::keys_read);
  if (fold.apply(stored, aliases) == 0) return {};

  if (!fold.inserts().empty()) {
    const auto inserted = session.insert_missing(fold.inserts());
    if (std::ranges::find(inserted, false) != inserted.end()) {
      refuse_missing_runs(session, fold.inserts(), inserted);
    }
  }
  // They are locked, so none of them is gone.
  if (!fold.updates().empty() && session.update(fold.updates()) < fold.updates().size()) {
    throw dropped_row(task_run_table());
  }

  const auto inserted = session.insert_missing(fold.states());
  const auto missing = fold.missing_states(inserted);
  const Rows repeated = missing[0].values.empty() ? Rows{task_run_state_table()}
                                                  : session.find(task_run_state_table(), missing,
                                                                 Fold::state_columns(), Lock::none);
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
