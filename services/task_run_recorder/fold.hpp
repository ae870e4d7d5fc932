#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/storage.hpp"
#include "packed_event.hpp"

namespace hangar::recorder {

/// What became of an event's state; its run follows from the law.
enum class Verdict {
  recorded,
  duplicate,  ///< The state id is stored already: nothing was left to do.
  collision,  ///< Another state of that run has the same instant: the event cannot be recorded.
  too_long_for_index,  ///< `TaskRunEvent::too_long_for_index`: nothing of the event was written.
};

/// Applies events to runs in memory, so that a transaction writes each run once.
///
/// The law, for each event in order: find the run by natural key (flow_run_id, task_key,
/// dynamic_key) when flow_run_id is set, else or failing that by id. None: insert it. Found and its
/// state_timestamp is older, or NULL: write the event's columns, never the id. Found otherwise:
/// leave it. Then insert the state with the found run's id; a state id already stored changes
/// nothing. (Prefect's `record_bulk_task_run_events` with one event a batch.)
///
/// Call in this order: the constructor, `keys`, `apply` with what is stored under them, write
/// `inserts`, `updates` and `states`, then `settle`. What the constructor was given must stay.
class Fold {
 public:
  Fold(std::span<const PackedEvent> events, Timestamp now);

  /// What `Session::find` needs to load every stored run that the events can touch.
  [[nodiscard]] std::span<const Keys> keys() const noexcept { return keys_; }
  static std::span<const std::size_t> columns() noexcept;

  /// Folds the longest prefix of the events that one transaction can hold and returns its length.
  /// `oldest`: how many events at the front are older than every other in flight. These alone may
  /// be aliases, which reach a stored run by only one of its two names (id and natural key),
  /// because the order among two events that reach one run by different names is known to no lane.
  /// The length is zero only when the first event is an alias and is not among them.
  std::size_t apply(const Rows& stored, std::size_t oldest);

  [[nodiscard]] const Rows& inserts() const noexcept { return inserts_; }
  [[nodiscard]] const Rows& updates() const noexcept { return updates_; }
  [[nodiscard]] const Rows& states() const noexcept { return states_; }

  /// Which of the folded events a row of `inserts`, `updates` or `states` is made of, in order.
  [[nodiscard]] std::vector<std::size_t> events_of(const Rows& rows, std::size_t row) const;

  /// What the states that did not go in are to be looked up by, id and instant; `inserted` is what
  /// `insert_missing(states())` returned.
  [[nodiscard]] std::array<Keys, 2> missing_states(const std::vector<bool>& inserted) const;
  static std::span<const std::size_t> state_columns() noexcept;
  /// The verdict of each folded event, given the states of `missing_states` that are stored. Throws
  /// what `dropped_row` makes when one is neither there nor kept out by another.
  [[nodiscard]] std::vector<Verdict> settle(const std::vector<bool>& inserted,
                                            const Rows& stored_states) const;

 private:
  struct Hash {
    std::size_t operator()(const NaturalKey& key) const noexcept;
  };
  struct Run {
    Uuid id;
    std::optional<NaturalKey> key;
    std::optional<Timestamp> state_timestamp;
    /// The row as it was found; absent for a run that is not stored yet.
    std::optional<std::span<const Cell>> stored;
    std::optional<NaturalKey> stored_key;
    /// Of a run that changes: in `updates_` when it is stored, else in `inserts_`.
    std::optional<std::size_t> row;
  };

  void load(const Rows& stored);
  [[nodiscard]] Run* target(const TaskRunEvent& event, const std::optional<NaturalKey>& key);
  [[nodiscard]] bool must_wait(const TaskRunEvent& event, const std::optional<NaturalKey>& key,
                               const Run* run, bool alias_allowed) const;
  static bool newer(const TaskRunEvent& event, const Run* run);
  void write_run(const TaskRunEvent& event, const std::optional<NaturalKey>& key, Run* run);
  void add_state(const TaskRunEvent& event, const Uuid& run);
  /// Names the canonical id of the run in the details, or makes those of which the event is silent.
  void write_details(const TaskRunEvent& event, const Uuid& run, Cell& details);
  void fill_rows();
  [[nodiscard]] Cell present() const noexcept { return Cell{now_}.on(Cell::Basis::generated); }

  std::span<const PackedEvent> events_;
  Timestamp now_;
  std::array<Keys, 2> keys_;
  std::list<Run> runs_;
  boost::unordered_flat_map<Uuid, Run*, std::hash<Uuid>> by_id_;
  boost::unordered_flat_map<NaturalKey, Run*, Hash> by_key_;
  boost::unordered_flat_map<NaturalKey, const Run*, Hash> by_stored_key_;
  boost::unordered_flat_map<Uuid, std::size_t, std::hash<Uuid>> state_rows_;
  /// The row in `states_` of each folded event; none where it was refused.
  std::vector<std::optional<std::size_t>> state_of_event_;
  Rows inserts_;
  Rows updates_;
  Rows states_;
  std::string details_;  ///< Memory to use again.
};

}  // namespace hangar::recorder
