#include "record.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "hangar/failpoint.hpp"
#include "prefect/dropped_row.hpp"

namespace hangar::recorder {
namespace {

/// Runs did not go in that nobody had stored before: throws why.
[[noreturn]] void refuse_missing_runs(Session& session, const Rows& runs,
                                      const std::vector<bool>& inserted) {
  namespace run = task_run;
  std::array<Keys, 2> keys;
  keys[0].columns = {run::id};
  keys[1].columns = {run::natural_key.begin(), run::natural_key.end()};
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i]) continue;
    for (Keys& set : keys) {
      if (runs[i][set.columns[0]].is_null()) continue;
      for (const std::size_t column : set.columns) set.values.push_back(runs[i][column]);
    }
  }
  static constexpr std::array<std::size_t, 1> id{run::id};
  const auto first =
      static_cast<std::size_t>(std::ranges::find(inserted, false) - inserted.begin());
  if (session.find(task_run_table(), keys, id, Lock::none).empty()) {
    DataError error = prefect::dropped_row(task_run_table());
    error.at_row(first);
    throw DataError{error};
  }
  TransientError error{"another writer inserted a task run with the same id or natural key",
                       TransientError::Retry::conflict};
  error.at_row(first);
  throw TransientError{error};
}

/// Makes `work`, which writes the rows.
template <class Work>
auto naming(const Fold& fold, const Rows& rows, WriteCall& call, Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.row()) call.to_blame = fold.events_of(rows, *error.row());
    throw;
  }
}

Recorded record_folded(Session& session, const Fold& fold, std::span<const PackedEvent> events,
                       WriteCall& call) {
  const Rows& inserts = fold.inserts();
  const Rows& updates = fold.updates();
  const Rows& states = fold.states();
  if (!inserts.empty()) {
    naming(fold, inserts, call, [&] {
      const auto inserted = session.insert_missing(inserts);
      if (std::ranges::find(inserted, false) != inserted.end()) {
        refuse_missing_runs(session, inserts, inserted);
      }
    });
  }
  // They are locked, so none of them is gone.
  if (!updates.empty() &&
      naming(fold, updates, call, [&] { return session.update(updates); }) < updates.size()) {
    throw prefect::dropped_row(task_run_table());
  }
  const auto inserted = naming(fold, states, call, [&] { return session.insert_missing(states); });
  const auto missing = fold.missing_states(inserted);
  const Rows repeated = missing[0].values.empty() ? Rows{task_run_state_table()}
                                                  : session.find(task_run_state_table(), missing,
                                                                 Fold::state_columns(), Lock::none);
  Recorded recorded{naming(fold, states, call, [&] { return fold.settle(inserted, repeated); }),
                    inserts.size(), updates.size(), std::nullopt};
  if (inserts.empty()) return recorded;
  const Uuid& made = inserts[0][task_run::id].uuid();
  for (std::size_t i = 0; i < recorded.verdicts.size() && !recorded.new_run; ++i) {
    if (recorded.verdicts[i] == Verdict::recorded && events[i].identity().run_id == made) {
      recorded.new_run = i;
    }
  }
  return recorded;
}

}  // namespace

Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     WriteCall& call, Timestamp now, const Rows& stored) {
  Fold fold{events, now};
  Rows found{task_run_table()};
  if (call.find_anew) {
    found = session.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows);
    failpoint(Failpoint::keys_read);
  }
  if (fold.apply(call.find_anew ? found : stored, call.oldest) == 0) return {};
  return record_folded(session, fold, events, call);
}

Recorded record_bulk_task_run_events(Session& session, std::span<const PackedEvent> events,
                                     std::size_t oldest, Timestamp now) {
  WriteCall call{.oldest = oldest};
  return record_bulk_task_run_events(session, events, call, now, Rows{task_run_table()});
}

Verdict record_task_run_event(Session& session, const PackedEvent& event, Timestamp now) {
  return record_bulk_task_run_events(session, {&event, 1}, 1, now).verdicts.front();
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
