#include "isolation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rejection.hpp"

namespace hangar::recorder {
namespace {

// How many events one part has, as far as its runs allow: fewer cost more round trips, more are
// written again for each one that is refused.
constexpr std::size_t part_size = 48;

using Places = std::vector<std::size_t>;

/// What a part met that says something of its rows.
struct Refused {
  enum class Kind { row, orphan, locked, race };
  Kind kind = Kind::row;
  Rejection why{};
  Culprits culprits{};  ///< Their places within the part, in order.
};

Refused refused(const DataError& error) {
  Refused met{.kind = Refused::Kind::row, .why = rejection(error)};
  if (is_orphan(error)) {
    met.kind = Refused::Kind::orphan;
    met.why.reason = orphan;
  }
  return met;
}

/// Throws the error where it says nothing of any row.
Refused refused(const TransientError& error) {
  using Retry = TransientError::Retry;
  const bool is_locked = error.retry() == Retry::locked;
  if (!is_locked && !error.row_may_be_at_fault()) throw error;
  Refused::Kind kind = Refused::Kind::row;
  if (is_locked) kind = Refused::Kind::locked;
  if (error.retry() == Retry::conflict) kind = Refused::Kind::race;
  return {.kind = kind,
          .why = {std::string{is_locked ? locked : unknown}, error.what(), {}, error.sqlstate()}};
}

constexpr std::size_t index(Write write) noexcept { return static_cast<std::size_t>(write); }

class Isolation {
 public:
  Isolation(Session& session, std::span<const PackedEvent> events,
            std::span<const Lanes::Names> names, std::size_t oldest, Timestamp now)
      : session_{session},
        events_{events},
        component_{first_of_runs(names)},
        oldest_{oldest},
        now_{now},
        stored_{task_run_table()},
        settled_(events.size()) {}

  Isolated run() &&;

 private:
  /// Events that are written together.
  struct Part {
    Places places;
    bool found_anew = false;  ///< Not as `stored_` has it: this transaction may have changed it.
    std::size_t oldest = 0;   ///< So many at the front may be aliases.
  };

  void find_stored();
  void set_locked_aside(const Rows& present, const Rejection& why);
  /// Whether it came to its end: else an alias waits.
  bool write_runs();
  void write_rest();
  bool write(Part part);
  /// What is refused, or nothing; the events that went in are `settled_` then.
  std::optional<Refused> attempt(const Part& part, bool find_anew, std::size_t& folded);
  bool write_around(const Part& part, const Refused& refused);
  void look_for_flow_runs(const Rejection& why);
  void refuse_orphans(Part& part);
  /// `write`: what refused it, where it was named as the only one.
  void refuse(std::size_t place, const Rejection& why, std::optional<Write> write = {});
  void drop_settled(Part& part) const {
    const auto is_settled = [this](std::size_t place) { return settled_[place]; };
    const auto oldest = std::span{part.places}.first(part.oldest);
    part.oldest -= static_cast<std::size_t>(std::ranges::count_if(oldest, is_settled));
    std::erase_if(part.places, is_settled);
  }
  void take(const Part& part, const Recorded& recorded);

  Session& session_;
  std::span<const PackedEvent> events_;
  Places component_;
  std::size_t oldest_;
  Timestamp now_;
  Rows stored_;
  std::vector<bool> settled_;                   ///< Recorded, or left aside.
  std::optional<std::vector<Uuid>> flow_runs_;  ///< That are stored; asked for at the first orphan.
  Rejection why_orphan_{};
  /// For each write, which of `result_.refused` it refused since it last took rows.
  std::array<Places, 3> unproven_{};
  Isolated result_;
};

Isolated Isolation::run() && {
  find_stored();
  // Where each may be an alias, they go in at last, after all that came before them.
  if (!write_runs() && oldest_ >= events_.size()) write_rest();
  return std::move(result_);
}

void Isolation::find_stored() {
  const Fold fold{events_, now_};
  session_.savepoint();
  Rejection why{std::string{locked}, {}};
  try {
    stored_ = session_.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows);
    return;
  } catch (const TransientError& error) {
    if (error.retry() != TransientError::Retry::locked) throw;
    why.error = error.what();
    why.sqlstate = error.sqlstate();
  }
  session_.rollback_to_savepoint();
  stored_ = session_.find(task_run_table(), fold.keys(), Fold::columns(), Lock::skip_locked);
  set_locked_aside(session_.find(task_run_table(), fold.keys(), Fold::columns(), Lock::none), why);
}

/// `present` are the rows that are there, of which `stored_` lacks those that are locked.
void Isolation::set_locked_aside(const Rows& present, const Rejection& why) {
  const auto id_of = [](const Rows& rows, std::size_t row) {
    return rows[row][task_run::id].uuid();
  };
  std::vector<Uuid> free;
  for (std::size_t row = 0; row < stored_.size(); ++row) free.push_back(id_of(stored_, row));
  std::vector<std::size_t> others;
  for (std::size_t row = 0; row < present.size(); ++row) {
    if (!std::ranges::binary_search(free, id_of(present, row))) others.push_back(row);
  }
  std::vector<bool> waits(events_.size());
  for (std::size_t place = 0; place < events_.size() && !others.empty(); ++place) {
    const auto identity = events_[place].identity();
    waits[component_[place]] =
        waits[component_[place]] || std::ranges::any_of(others, [&](std::size_t row) {
          const auto cells = present[row];
          if (cells[task_run::id].uuid() == identity.run_id) return true;
          return identity.key && cells[task_run::flow_run_id] == Cell{identity.key->flow_run_id} &&
                 cells[task_run::task_key] == Cell{identity.key->task_key} &&
                 cells[task_run::dynamic_key] == Cell{identity.key->dynamic_key};
        });
  }
  for (std::size_t place = 0; place < events_.size(); ++place) {
    if (waits[component_[place]]) refuse(place, why);
  }
}

bool Isolation::write_runs() {
  Places order;
  for (std::size_t place = 0; place < events_.size(); ++place) order.push_back(place);
  std::ranges::stable_sort(order, {}, [this](std::size_t place) { return component_[place]; });
  Part part{.places = {}, .found_anew = false, .oldest = std::min<std::size_t>(oldest_, 1)};
  for (std::size_t i = 0; i < order.size(); ++i) {
    part.places.push_back(order[i]);
    const bool last = i + 1 == order.size();
    if (!last && part.places.size() < part_size) continue;
    // A run is cut only where it alone is too long.
    const std::size_t next = last ? events_.size() : component_[order[i + 1]];
    Places rest;
    if (!last && next == component_[order[i]] && component_[part.places.front()] != next) {
      const auto cut = std::ranges::find(part.places, next,
                                         [this](std::size_t place) { return component_[place]; });
      rest.assign(cut, part.places.end());
      part.places.erase(cut, part.places.end());
    }
    const bool cut_run = !last && next == component_[part.places.back()];
    if (!write(std::move(part))) return false;
    part = Part{.places = std::move(rest), .found_anew = cut_run};
  }
  return true;
}

void Isolation::write_rest() {
  Places rest;
  for (std::size_t place = 0; place < events_.size(); ++place) {
    if (!settled_[place]) rest.push_back(place);
  }
  for (std::size_t first = 0; first < rest.size(); first += part_size) {
    const auto some = std::span{rest}.subspan(first, std::min(part_size, rest.size() - first));
    Part part{.places = {some.begin(), some.end()}, .found_anew = true, .oldest = some.size()};
    // What must wait for the next transaction may do so until the next part of this one.
    while (!part.places.empty()) {
      const std::size_t before = part.places.size();
      write(part);
      drop_settled(part);
      if (part.places.size() == before) return;
    }
  }
}

bool Isolation::write(Part part) {
  bool find_anew = part.found_anew;
  std::size_t races = 0;
  while (true) {
    drop_settled(part);
    if (flow_runs_) refuse_orphans(part);
    if (part.places.empty()) return true;
    std::size_t folded = 0;
    const auto met = attempt(part, find_anew, folded);
    if (!met) return folded == part.places.size();
    session_.rollback_to_savepoint();
    const std::size_t tried = part.places.size();
    if (met->kind == Refused::Kind::race && ++races <= most_races) {
      find_anew = true;
      continue;
    }
    if (met->kind == Refused::Kind::orphan) look_for_flow_runs(met->why);
    if (flow_runs_) refuse_orphans(part);
    if (part.places.size() < tried) continue;
    const auto& [write, culprits] = met->culprits;
    if (tried > 1 && culprits.size() != 1) return write_around(part, *met);
    const std::size_t place = part.places[tried == 1 ? 0 : culprits.front()];
    refuse(place, met->why, met->kind == Refused::Kind::row ? write : std::nullopt);
  }
}

std::optional<Refused> Isolation::attempt(const Part& part, bool find_anew, std::size_t& folded) {
  session_.savepoint();
  std::vector<PackedEvent> batch;
  batch.reserve(part.places.size());
  for (const std::size_t place : part.places) batch.push_back(events_[place]);
  std::optional<Refused> met;
  Culprits culprits;
  try {
    Fold fold{batch, now_};
    const Rows found =
        find_anew ? session_.find(task_run_table(), fold.keys(), Fold::columns(), Lock::rows)
                  : Rows{task_run_table()};
    folded = fold.apply(find_anew ? found : stored_, part.oldest);
    if (folded > 0) take(part, record_folded(session_, fold, batch, culprits));
    return met;
  } catch (const DataError& error) {
    met = refused(error);
  } catch (const TransientError& error) {
    met = refused(error);
  }
  met->culprits = std::move(culprits);
  return met;
}

void Isolation::take(const Part& part, const Recorded& recorded) {
  Recorded& all = result_.recorded;
  if (recorded.new_run) all.new_run = result_.done.size() + *recorded.new_run;
  all.runs_inserted += recorded.runs_inserted;
  all.runs_updated += recorded.runs_updated;
  all.verdicts.insert(all.verdicts.end(), recorded.verdicts.begin(), recorded.verdicts.end());
  for (std::size_t i = 0; i < recorded.verdicts.size(); ++i) {
    result_.done.push_back(part.places[i]);
    settled_[part.places[i]] = true;
  }
  const auto went_in = [this](Write write) {
    for (const std::size_t one : std::exchange(unproven_[index(write)], {})) {
      result_.refused[one].at_fault = true;
    }
  };
  if (recorded.runs_inserted > 0) went_in(Write::insert_runs);
  if (recorded.runs_updated > 0) went_in(Write::update_runs);
  if (std::ranges::count(recorded.verdicts, Verdict::recorded) > 0) went_in(Write::insert_states);
}

/// Writes what is before a row's events, these one by one, and what is behind; where nothing is
/// known of the row, either half.
bool Isolation::write_around(const Part& part, const Refused& met) {
  std::vector<std::size_t> ends;
  if (met.culprits.events.empty()) {
    ends = {part.places.size() / 2};
  } else {
    const Places& culprits = met.culprits.events;
    for (std::size_t end = culprits.front(); end <= culprits.back() + 1; ++end) {
      ends.push_back(end);
    }
  }
  ends.push_back(part.places.size());
  std::size_t first = 0;
  for (const std::size_t end : ends) {
    if (end == first) continue;
    const auto some = std::span{part.places}.subspan(first, end - first);
    Part less{.places = {some.begin(), some.end()},
              .found_anew = part.found_anew || first > 0,
              .oldest = std::clamp(part.oldest, first, end) - first};
    if (!write(std::move(less))) return false;
    first = end;
  }
  return true;
}

/// One look for all that is still to be written.
void Isolation::look_for_flow_runs(const Rejection& why) {
  if (flow_runs_) return;
  std::vector<std::optional<Uuid>> wanted;
  for (std::size_t place = 0; place < events_.size(); ++place) {
    const auto key = events_[place].identity().key;
    if (key && !settled_[place]) wanted.emplace_back(key->flow_run_id);
  }
  why_orphan_ = why;
  try {
    flow_runs_ = stored_flow_runs(session_, wanted);
  } catch (const Error&) {
    // They cannot be looked up: each orphan is found as any other row that is refused.
    session_.rollback_to_savepoint();
  }
}

void Isolation::refuse_orphans(Part& part) {
  for (const std::size_t place : part.places) {
    const auto key = events_[place].identity().key;
    if (key && !std::ranges::binary_search(*flow_runs_, key->flow_run_id)) {
      refuse(place, why_orphan_);
    }
  }
  drop_settled(part);
}

void Isolation::refuse(std::size_t place, const Rejection& why, std::optional<Write> write) {
  const auto aside = [&](std::size_t one) {
    if (settled_[one]) return;
    settled_[one] = true;
    if (write) unproven_[index(*write)].push_back(result_.refused.size());
    result_.refused.push_back({one, why});
  };
  aside(place);
  if (why.reason != locked) return;
  // What comes later of that run would go in before it.
  for (std::size_t other = place + 1; other < events_.size(); ++other) {
    if (component_[other] == component_[place]) aside(other);
  }
}

}  // namespace

Isolated record_beside_refused(Session& session, std::span<const PackedEvent> events,
                               std::span<const Lanes::Names> names, std::size_t oldest,
                               Timestamp now) {
  return Isolation{session, events, names, oldest, now}.run();
}

}  // namespace hangar::recorder
