#include "batch/isolation.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "batch/checked_calls.hpp"
#include "batch/lanes.hpp"
#include "batch/watched_session.hpp"

namespace hangar::batch {
namespace {

// How many items one part has, as far as components allow: fewer cost more round trips, more are
// written again for each one that is refused.
constexpr std::size_t part_size = 48;

using Places = std::vector<std::size_t>;
using Statement = WatchedSession::Statement;

/// What a part met that says something of its rows.
struct Refused {
  enum class Kind { row, orphan, locked, race };
  Kind kind = Kind::row;
  Rejection why{};
  std::optional<Statement> write{};  ///< None where it was no write.
  Places culprits{};  ///< Their places within the part, in order; none where no row was named.
};

/// Throws the error where it says nothing of any row.
Refused refused_by(const TransientError& error) {
  using Retry = TransientError::Retry;
  const bool is_locked = error.retry() == Retry::locked;
  if (!is_locked && !error.row_may_be_at_fault()) throw error;
  Refused::Kind kind = Refused::Kind::row;
  if (is_locked) kind = Refused::Kind::locked;
  if (error.retry() == Retry::conflict) kind = Refused::Kind::race;
  return {.kind = kind,
          .why = {std::string{is_locked ? locked : unknown}, error.what(), {}, error.sqlstate()}};
}

class Isolation {
 public:
  Isolation(Session& session, AnyItems items, std::size_t oldest, BatchTransaction& transaction,
            BatchTarget& target)
      : session_{session},
        items_{items},
        component_{components(items)},
        oldest_{oldest},
        transaction_{transaction},
        target_{target},
        settled_(items.size()) {}

  Isolated run() &&;

 private:
  /// Items that are written together.
  struct Part {
    Places places;
    bool found_anew = false;  ///< See `WriteCall::find_anew`.
    std::size_t oldest = 0;   ///< See `WriteCall::oldest`.
  };

  void find_stored();
  void set_locked_aside(const std::vector<bool>& reach_locked, const Rejection& why);
  /// Whether it came to its end: else an item waits to be the oldest.
  bool write_components();
  void write_rest();
  bool write(Part part);
  /// What is refused, or nothing; the items that went in are `settled_` then.
  std::optional<Refused> attempt(const Part& part, bool find_anew, std::size_t& written);
  bool write_around(const Part& part, const Refused& refused);
  void look_for_orphans(const Rejection& why);
  void refuse_orphans(Part& part);
  [[nodiscard]] Refused refused(const DataError& error) const;
  void refuse(std::size_t place, const Refused& met);
  void drop_settled(Part& part) const {
    const auto is_settled = [this](std::size_t place) { return settled_[place]; };
    const auto oldest = std::span{part.places}.first(part.oldest);
    part.oldest -= static_cast<std::size_t>(std::ranges::count_if(oldest, is_settled));
    std::erase_if(part.places, is_settled);
  }
  void take(const Part& part, Written written);

  WatchedSession session_;
  AnyItems items_;
  Places component_;
  std::size_t oldest_;
  BatchTransaction& transaction_;
  BatchTarget& target_;
  std::vector<bool> settled_;  ///< Written, or left aside.
  std::vector<bool> orphans_;  ///< By place; empty before the first, of all is asked then.
  Rejection why_orphan_{};
  /// Which of `result_.refused` a write refused since it last took rows.
  std::vector<std::pair<Statement, Places>> unproven_;
  Isolated result_;
};

Isolated Isolation::run() && {
  find_stored();
  // Where each may be an alias, they go in at last, after all that came before them.
  if (!write_components() && oldest_ >= items_.size()) write_rest();
  return std::move(result_);
}

void Isolation::find_stored() {
  session_.savepoint();
  Rejection why{std::string{locked}, {}};
  try {
    transaction_.find(session_, items_);
    return;
  } catch (const TransientError& error) {
    if (error.retry() != TransientError::Retry::locked) throw;
    why.error = error.what();
    why.sqlstate = error.sqlstate();
  }
  session_.rollback_to_savepoint();
  set_locked_aside(batch::find_unlocked(transaction_, session_, items_), why);
}

void Isolation::set_locked_aside(const std::vector<bool>& reach_locked, const Rejection& why) {
  std::vector<bool> waits(items_.size());
  for (std::size_t place = 0; place < reach_locked.size(); ++place) {
    if (reach_locked[place]) waits[component_[place]] = true;
  }
  for (std::size_t place = 0; place < items_.size(); ++place) {
    if (waits[component_[place]]) refuse(place, {.kind = Refused::Kind::locked, .why = why});
  }
}

bool Isolation::write_components() {
  Places order;
  for (std::size_t place = 0; place < items_.size(); ++place) order.push_back(place);
  std::ranges::stable_sort(order, {}, [this](std::size_t place) { return component_[place]; });
  Part part{.places = {}, .found_anew = false, .oldest = std::min<std::size_t>(oldest_, 1)};
  for (std::size_t i = 0; i < order.size(); ++i) {
    part.places.push_back(order[i]);
    const bool last = i + 1 == order.size();
    if (!last && part.places.size() < part_size) continue;
    // A component is cut only where it alone is too long.
    const std::size_t next = last ? items_.size() : component_[order[i + 1]];
    Places rest;
    if (!last && next == component_[order[i]] && component_[part.places.front()] != next) {
      const auto cut = std::ranges::find(part.places, next,
                                         [this](std::size_t place) { return component_[place]; });
      rest.assign(cut, part.places.end());
      part.places.erase(cut, part.places.end());
    }
    const bool is_cut = !last && next == component_[part.places.back()];
    if (!write(std::move(part))) return false;
    part = Part{.places = std::move(rest), .found_anew = is_cut};
  }
  return true;
}

void Isolation::write_rest() {
  Places rest;
  for (std::size_t place = 0; place < items_.size(); ++place) {
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
    refuse_orphans(part);
    if (part.places.empty()) return true;
    std::size_t written = 0;
    const auto met = attempt(part, find_anew, written);
    if (!met) return written == part.places.size();
    session_.rollback_to_savepoint();
    const std::size_t tried = part.places.size();
    if (met->kind == Refused::Kind::race && ++races <= most_races) {
      find_anew = true;
      continue;
    }
    if (met->kind == Refused::Kind::orphan) look_for_orphans(met->why);
    refuse_orphans(part);
    if (part.places.size() < tried) continue;
    if (tried > 1 && met->culprits.size() != 1) return write_around(part, *met);
    refuse(part.places[tried == 1 ? 0 : met->culprits.front()], *met);
  }
}

Refused Isolation::refused(const DataError& error) const {
  if (auto why = target_.orphan(error)) {
    return {.kind = Refused::Kind::orphan, .why = *std::move(why)};
  }
  return {.kind = Refused::Kind::row, .why = rejection(error)};
}

std::optional<Refused> Isolation::attempt(const Part& part, bool find_anew, std::size_t& written) {
  session_.savepoint();
  session_.begin_call();
  std::vector<const detail::BatchItem*> items;
  items.reserve(part.places.size());
  for (const std::size_t place : part.places) items.push_back(items_[place]);
  WriteCall call{.oldest = part.oldest, .find_anew = find_anew};
  std::optional<Refused> met;
  std::optional<std::size_t> row;
  try {
    Written its = batch::write(transaction_, session_, items, call);
    written = its.verdicts.size();
    take(part, std::move(its));
    return met;
  } catch (const DataError& error) {
    met = refused(error);
    row = error.row();
  } catch (const TransientError& error) {
    met = refused_by(error);
    row = error.row();
  }
  met->write = session_.last();
  met->culprits = std::move(call.to_blame);
  std::ranges::sort(met->culprits);
  if (met->culprits.empty() && row) met->culprits = {*row};
  std::erase_if(met->culprits, [&](std::size_t place) { return place >= items.size(); });
  return met;
}

void Isolation::take(const Part& part, Written written) {
  Written& all = result_.written;
  if (written.new_rows) all.new_rows = result_.done.size() + *written.new_rows;
  for (std::size_t i = 0; i < written.verdicts.size(); ++i) {
    all.verdicts.push_back(std::move(written.verdicts[i]));
    result_.done.push_back(part.places[i]);
    settled_[part.places[i]] = true;
  }
  for (const Statement& write : session_.took()) {
    for (auto& [unproven, places] : unproven_) {
      if (unproven != write) continue;
      for (const std::size_t one : std::exchange(places, {})) result_.refused[one].at_fault = true;
    }
  }
}

/// Writes what is before a row's items, these one by one, and what is behind; where nothing is
/// known of the row, either half.
bool Isolation::write_around(const Part& part, const Refused& met) {
  Places ends;
  if (met.culprits.empty()) {
    ends = {part.places.size() / 2};
  } else {
    for (std::size_t end = met.culprits.front(); end <= met.culprits.back() + 1; ++end) {
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
void Isolation::look_for_orphans(const Rejection& why) {
  if (!orphans_.empty()) return;
  Places places;
  std::vector<const detail::BatchItem*> items;
  for (std::size_t place = 0; place < items_.size(); ++place) {
    if (settled_[place]) continue;
    places.push_back(place);
    items.push_back(items_[place]);
  }
  why_orphan_ = why;
  try {
    const auto missing = batch::orphans(transaction_, session_, items);
    if (missing.empty()) return;
    orphans_.resize(items_.size());
    for (std::size_t i = 0; i < places.size(); ++i) orphans_[places[i]] = missing[i];
  } catch (const Error&) {
    // They cannot be looked up: each orphan is found as any other row that is refused.
    session_.rollback_to_savepoint();
  }
}

void Isolation::refuse_orphans(Part& part) {
  if (orphans_.empty()) return;
  for (const std::size_t place : part.places) {
    if (orphans_[place]) refuse(place, {.kind = Refused::Kind::orphan, .why = why_orphan_});
  }
  drop_settled(part);
}

void Isolation::refuse(std::size_t place, const Refused& met) {
  const auto aside = [&](std::size_t one) {
    if (settled_[one]) return;
    settled_[one] = true;
    if (met.kind == Refused::Kind::row && met.write) {
      const auto known =
          std::ranges::find(unproven_, *met.write, &std::pair<Statement, Places>::first);
      Places& places = known != unproven_.end()
                           ? known->second
                           : unproven_.emplace_back(*met.write, Places{}).second;
      places.push_back(result_.refused.size());
    }
    result_.refused.push_back(
        {.place = one, .why = met.why, .orphan = met.kind == Refused::Kind::orphan});
  };
  aside(place);
  if (met.kind != Refused::Kind::locked) return;
  // What comes later of that component would go in before it.
  for (std::size_t other = place + 1; other < items_.size(); ++other) {
    if (component_[other] == component_[place]) aside(other);
  }
}

}  // namespace

Rejection rejection(const DataError& error) {
  return {error.reason(), error.what(), error.pointer(), error.sqlstate()};
}

Isolated write_beside_refused(Session& session, AnyItems items, std::size_t oldest,
                              BatchTransaction& transaction, BatchTarget& target) {
  return Isolation{session, items, oldest, transaction, target}.run();
}

}  // namespace hangar::batch
