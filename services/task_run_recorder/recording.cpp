#include "recording.hpp"

#include <algorithm>

#include "accepted_event.hpp"
#include "prefect/present.hpp"
#include "rejection.hpp"

namespace hangar::recorder {
namespace {

std::vector<PackedEvent> events_of(AnyItems items) {
  const Items<PackedEvent> events{items};
  std::vector<PackedEvent> all;
  all.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) all.push_back(events[i]);
  return all;
}

bool is_run_of(const PackedEvent::Identity& event, std::span<const Cell> row) {
  if (row[task_run::id].uuid() == event.run_id) return true;
  return event.key && row[task_run::flow_run_id] == Cell{event.key->flow_run_id} &&
         row[task_run::task_key] == Cell{event.key->task_key} &&
         row[task_run::dynamic_key] == Cell{event.key->dynamic_key};
}

}  // namespace

Written Recording::write(Session& session, AnyItems items, WriteCall& call) {
  const auto events = events_of(items);
  const Recorded recorded = record_bulk_task_run_events(session, events, call, now_, stored_);
  Written written{.verdicts = {}, .new_rows = recorded.new_run};
  written.verdicts.resize(recorded.verdicts.size());
  for (std::size_t i = 0; i < recorded.verdicts.size(); ++i) {
    const Verdict verdict = recorded.verdicts[i];
    if (verdict == Verdict::recorded || verdict == Verdict::duplicate) continue;
    written.verdicts[i] = hangar::Verdict::dead_letter(rejection(verdict, events[i].unpack()));
  }
  wrote_.add(recorded);
  return written;
}

void Recording::find(Session& session, AnyItems items) {
  const auto events = events_of(items);
  const Fold fold{events, now_};
  stored_ = session.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows);
}

std::vector<bool> Recording::find_unlocked(Session& session, AnyItems items) {
  const auto events = events_of(items);
  const Fold fold{events, now_};
  const auto found = [&](Lock lock) {
    return session.find(task_run_table(), fold.keys(), Fold::columns(), lock);
  };
  stored_ = found(Lock::skip_locked);
  const Rows all = found(Lock::none);
  std::vector<Uuid> free;
  for (std::size_t row = 0; row < stored_.size(); ++row) {
    free.push_back(stored_[row][task_run::id].uuid());
  }
  std::vector<std::size_t> locked;
  for (std::size_t row = 0; row < all.size(); ++row) {
    if (!std::ranges::binary_search(free, all[row][task_run::id].uuid())) locked.push_back(row);
  }
  std::vector<bool> reach(events.size());
  for (std::size_t place = 0; place < events.size() && !locked.empty(); ++place) {
    const auto identity = events[place].identity();
    reach[place] =
        std::ranges::any_of(locked, [&](std::size_t row) { return is_run_of(identity, all[row]); });
  }
  return reach;
}

std::vector<bool> Recording::orphans(Session& session, AnyItems items) {
  std::vector<std::optional<Uuid>> flow_runs;
  for (const PackedEvent& event : events_of(items)) {
    const auto key = event.identity().key;
    flow_runs.push_back(key ? std::optional{key->flow_run_id} : std::nullopt);
  }
  const auto stored = stored_flow_runs(session, flow_runs);
  std::vector<bool> missing;
  for (const auto& id : flow_runs) {
    missing.push_back(id && !std::ranges::binary_search(stored, *id));
  }
  return missing;
}

std::unique_ptr<BatchTransaction> RecorderTarget::begin() {
  return std::make_unique<Recording>(metrics_, prefect::present());
}

std::shared_ptr<const WriteProof> RecorderTarget::proof(const detail::BatchItem& item) {
  const detail::BatchItem* const one = &item;
  return std::make_shared<AcceptedEvent>(Items<PackedEvent>{AnyItems{&one, 1}}[0]);
}

std::optional<Rejection> RecorderTarget::orphan(const DataError& error) {
  if (!is_orphan(error)) return std::nullopt;
  return Rejection{"orphan_flow_run", error.what(), error.pointer(), error.sqlstate()};
}

}  // namespace hangar::recorder
