#include "fold.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "prefect/dropped_row.hpp"
#include "prefect/json/text_hash.hpp"
#include "prefect/uuid.hpp"
#include "run_name.hpp"
#include "state.hpp"

namespace hangar::recorder {
namespace {

namespace run = task_run;
namespace state = task_run_state;

/// What an insert writes where the event says nothing: the default of Prefect's ORM model, which is
/// the database's, but for the policy.
constexpr Cell default_of(std::size_t column) {
  if (column == run::empirical_policy) {
    return std::string_view{
        R"({"max_retries": 0, "retry_delay_seconds": 0.0, "retries": null, "retry_delay": null, )"
        R"("retry_jitter_factor": null})"};
  }
  const std::string_view text = run::columns[column].default_value;
  const ColumnType type = run::columns[column].type;
  if (text.empty() || text == "now") return Cell::null();  // What is now, the fold knows.
  if (type == ColumnType::json) return text;
  if (text != "0") throw "no other default is known";
  return type == ColumnType::int4 ? Cell{std::int32_t{0}} : Cell{Interval{0}};
}

constexpr auto defaults = [] {
  std::array<Cell, run::column_count> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = default_of(i).on(Cell::Basis::inferred);
  return all;
}();

void fill_defaults(std::span<Cell> cells) {
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (cells[column].absent()) cells[column] = defaults[column];
  }
}

bool is_state(std::span<const Cell> row, const TaskRunEvent& event, const Uuid& run) {
  return row[state::task_run_id].uuid() == run &&
         row[state::timestamp].timestamp() == event.state_timestamp();
}

}  // namespace

std::size_t Fold::Hash::operator()(const NaturalKey& key) const noexcept {
  return prefect::hash_text(key.dynamic_key,
                            prefect::hash_text(key.task_key, std::hash<Uuid>{}(key.flow_run_id)));
}

Fold::Fold(std::span<const PackedEvent> events, Timestamp now)
    : events_{events},
      now_{now},
      inserts_{task_run_table()},
      updates_{task_run_table()},
      states_{task_run_state_table()} {
  keys_[0].columns = {run::id};
  keys_[1].columns = {run::natural_key.begin(), run::natural_key.end()};
  by_id_.reserve(events.size());
  by_key_.reserve(events.size());
  state_rows_.reserve(events.size());
  state_of_event_.reserve(events.size());
  for (const PackedEvent& packed : events) {
    const auto [run_id, key] = packed.identity();
    if (by_id_.try_emplace(run_id, nullptr).second) keys_[0].values.emplace_back(run_id);
    if (key && by_key_.try_emplace(*key, nullptr).second) {
      keys_[1].values.insert(keys_[1].values.end(),
                             {key->flow_run_id, key->task_key, key->dynamic_key});
    }
  }
}

std::span<const std::size_t> Fold::columns() noexcept {
  static constexpr std::array<std::size_t, 5> columns{run::id, run::flow_run_id, run::task_key,
                                                      run::dynamic_key, run::state_timestamp};
  return columns;
}

void Fold::load(const Rows& stored) {
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto row = stored[i];
    Run& found = runs_.emplace_back();
    found.id = row[run::id].uuid();
    found.stored = row;
    if (!row[run::state_timestamp].is_null()) {
      found.state_timestamp = row[run::state_timestamp].timestamp();
    }
    by_id_[found.id] = &found;
    if (!row[run::flow_run_id].is_null()) {
      found.key = NaturalKey{row[run::flow_run_id].uuid(), row[run::task_key].text(),
                             row[run::dynamic_key].text()};
      found.stored_key = found.key;
      by_key_[*found.key] = &found;
      by_stored_key_[*found.key] = &found;
    }
  }
}

Fold::Run* Fold::target(const TaskRunEvent& event, const std::optional<NaturalKey>& key) {
  if (key) {
    if (const auto found = by_key_.find(*key); found != by_key_.end() && found->second != nullptr) {
      return found->second;
    }
  }
  const auto found = by_id_.find(event.run_id);
  return found == by_id_.end() ? nullptr : found->second;
}

bool Fold::must_wait(const TaskRunEvent& event, const std::optional<NaturalKey>& key,
                     const Run* run, bool alias_allowed) const {
  // A key that another stored run gives up in this transaction is free only in the next one: a
  // unique index sees the rows of one statement in any order.
  if (key && !by_stored_key_.empty()) {
    const auto holder = by_stored_key_.find(*key);
    if (holder != by_stored_key_.end() && holder->second != run) return true;
  }
  const bool alias =
      run != nullptr && run->stored && (run->id != event.run_id || run->stored_key != key);
  return alias && !alias_allowed;
}

std::size_t Fold::apply(const Rows& stored, std::size_t oldest) {
  load(stored);
  // Rows that grow take twice the memory.
  updates_.reserve(stored.size());
  inserts_.reserve(keys_[0].values.size() - std::min(keys_[0].values.size(), stored.size()));
  states_.reserve(events_.size());
  std::size_t folded = 0;
  for (const PackedEvent& packed : events_) {
    const TaskRunEvent event = packed.unpack();
    const auto key = event.natural_key();
    Run* found = target(event, key);
    if (must_wait(event, key, found, folded < oldest)) break;
    if (!event.too_long_for_index.empty() && newer(event, found)) {
      state_of_event_.push_back(std::nullopt);
      ++folded;
      continue;
    }
    const Uuid& id = found != nullptr ? found->id : event.run_id;
    const auto [known, first] = state_rows_.try_emplace(event.state_id(), states_.size());
    // The same state id once more, but elsewhere: which of the two goes in depends on the database,
    // so the second waits for the next transaction.
    if (!first && !is_state(states_[known->second], event, id)) break;
    state_of_event_.push_back(known->second);
    if (newer(event, found)) write_run(event, key, found);
    if (first) add_state(event, id);
    ++folded;
  }
  fill_rows();
  return folded;
}

bool Fold::newer(const TaskRunEvent& event, const Run* run) {
  return run == nullptr || !run->state_timestamp || *run->state_timestamp < event.state_timestamp();
}

void Fold::write_run(const TaskRunEvent& event, const std::optional<NaturalKey>& key, Run* found) {
  if (found == nullptr) {
    found = &runs_.emplace_back();
    found->id = event.run_id;
    by_id_[found->id] = found;
  }
  Rows& rows = found->stored ? updates_ : inserts_;
  if (!found->row) {
    found->row = rows.size();
    rows.add();
  }
  found->state_timestamp = event.state_timestamp();
  if (found->key != key) {
    if (found->key) by_key_[*found->key] = nullptr;
    if (key) by_key_[*key] = found;
    found->key = key;
  }
  const auto row = rows[*found->row];
  for (std::size_t column = 0; column < event.run.size(); ++column) {
    row[column].update(event.run[column]);
  }
}

void Fold::add_state(const TaskRunEvent& event, const Uuid& id) {
  const auto row = states_.add();
  event.write_state(row);
  write_details(event, id, row[state::state_details]);
  row[state::task_run_id] = id;
  row[state::created] = present();
  row[state::updated] = present();
  row[state::result_artifact_id] = Cell::null();
}

void Fold::write_details(const TaskRunEvent& event, const Uuid& id, Cell& details) {
  details_.clear();
  if (details.absent()) {
    append_silent_details(details_, id, event.details_flow_run_id);
  } else if (id != event.run_id) {
    details_ = details.text();
    prefect::write_uuid(id, &details_[static_cast<std::size_t>(event.details_task_run_id_at)]);
  } else {
    return;
  }
  details = Cell{states_.keep(details_)}.on(details.basis());
}

void Fold::fill_rows() {
  std::vector<const Run*> inserted;
  for (const Run& changed : runs_) {
    if (!changed.row) continue;
    if (!changed.stored) {
      inserted.push_back(&changed);
      continue;
    }
    const auto row = updates_[*changed.row];
    row[run::id] = changed.id;
    row[run::updated] = present();
    // An UPDATE that names the columns of a unique key takes the lock that waits for every open
    // transaction that inserted a state of the row: name them only where they change.
    for (const auto column : run::natural_key) {
      if (row[column] == (*changed.stored)[column]) row[column] = Cell{};
    }
  }
  for (const Run* made : inserted) {
    const auto row = inserts_[*made->row];
    row[run::id] = made->id;
    row[run::created] = present();
    row[run::updated] = present();
    if (row[run::name].absent()) {
      const Cell name = inserts_.keep(generated_name(made->id));
      row[run::name] = name.on(Cell::Basis::generated);
    }
    fill_defaults(row);
  }
  // Two writers that insert the same runs wait for each other, unless both go in one order.
  std::ranges::sort(inserted, {}, &Run::id);
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    std::size_t from = *inserted[i]->row;
    while (from < i) from = *inserted[from]->row;  // to where it was swapped
    if (from != i) std::ranges::swap_ranges(inserts_[i], inserts_[from]);
  }
}

std::vector<std::size_t> Fold::events_of(const Rows& rows, std::size_t row) const {
  std::vector<std::size_t> events;
  for (std::size_t i = 0; i < state_of_event_.size(); ++i) {
    const auto of_state = state_of_event_[i];
    if (!of_state) continue;
    if (&rows == &states_ ? *of_state == row
                          : states_[*of_state][state::task_run_id] == rows[row][run::id]) {
      events.push_back(i);
    }
  }
  return events;
}

std::array<Keys, 2> Fold::missing_states(const std::vector<bool>& inserted) const {
  std::array<Keys, 2> keys;
  keys[0].columns = {state::id};
  keys[1].columns = {state::task_run_id, state::timestamp};
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i]) continue;
    for (Keys& set : keys) {
      for (const std::size_t column : set.columns) set.values.push_back(states_[i][column]);
    }
  }
  return keys;
}

std::span<const std::size_t> Fold::state_columns() noexcept {
  static constexpr std::array<std::size_t, 3> columns{state::id, state::task_run_id,
                                                      state::timestamp};
  return columns;
}

std::vector<Verdict> Fold::settle(const std::vector<bool>& inserted,
                                  const Rows& stored_states) const {
  std::vector<Verdict> of_row(states_.size(), Verdict::recorded);
  for (std::size_t i = 0; i < of_row.size(); ++i) {
    if (!inserted[i]) of_row[i] = Verdict::collision;
  }
  std::set<std::pair<Uuid, Timestamp>> instants;
  for (std::size_t i = 0; i < stored_states.size(); ++i) {
    const auto row = stored_states[i];
    instants.emplace(row[state::task_run_id].uuid(), row[state::timestamp].timestamp());
    const auto same = state_rows_.find(row[state::id].uuid());
    if (same != state_rows_.end() && !inserted[same->second]) {
      of_row[same->second] = Verdict::duplicate;
    }
  }
  for (std::size_t i = 0; i < of_row.size(); ++i) {
    if (of_row[i] != Verdict::collision) continue;
    const auto row = states_[i];
    if (!instants.contains({row[state::task_run_id].uuid(), row[state::timestamp].timestamp()})) {
      DataError error = prefect::dropped_row(task_run_state_table());
      error.at_row(i);
      throw DataError{error};
    }
  }
  std::vector<Verdict> verdicts;
  verdicts.reserve(state_of_event_.size());
  for (const auto row : state_of_event_) {
    if (!row) {
      verdicts.push_back(Verdict::too_long_for_index);
      continue;
    }
    verdicts.push_back(of_row[*row]);
    // From the second time on it is there already.
    if (of_row[*row] == Verdict::recorded) of_row[*row] = Verdict::duplicate;
  }
  return verdicts;
}

}  // namespace hangar::recorder
