#include "batch/isolation.hpp"

#include <gtest/gtest.h>

#include <memory_resource>
#include <string>
#include <vector>

#include "event_decoder.hpp"
#include "items.hpp"
#include "memory_session.hpp"
#include "recording.hpp"
#include "simulation/events.hpp"
#include "uncounted_metrics.hpp"

namespace hangar::recorder {
namespace {

using batch::Isolated;
using batch::LeftAside;
using simulation::Fate;

/// Refuses states by their message and runs by their name, and counts what it is asked.
class Counting final : public testing::MemorySession {
 public:
  std::size_t calls = 0;
  bool names_rows = true;
  bool updates_nothing = false;

  void savepoint() override {
    ++calls;
    MemorySession::savepoint();
  }
  void rollback_to_savepoint() override {
    ++calls;
    MemorySession::rollback_to_savepoint();
  }
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override {
    ++calls;
    return MemorySession::find(table, keys, columns, lock);
  }
  std::vector<bool> insert_missing(const Rows& rows) override {
    check(rows);
    return MemorySession::insert_missing(rows);
  }
  std::size_t update(const Rows& rows) override {
    check(rows);
    if (updates_nothing) throw DataError{"check", "refused"};
    return MemorySession::update(rows);
  }

 private:
  void check(const Rows& rows) {
    ++calls;
    const bool runs = rows.table().name == "task_run";
    const std::size_t column =
        runs ? std::size_t{task_run::name} : std::size_t{task_run_state::message};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Cell& cell = rows[i][column];
      if (cell.kind() != Cell::Kind::text || cell.text() != simulation::refused_text) continue;
      DataError error{"check", "refused"};
      if (names_rows) error.at_row(i);
      throw error;
    }
  }
};

class IsolationLaw : public ::testing::Test {
 protected:
  void add(std::size_t run, std::size_t state, Fate fate) {
    const auto text = simulation::make_event(run, state, fate).data;
    const auto event = decoder_.decode(text, Timestamp{}, texts_);
    names_.push_back(names_of(*event));
    events_.emplace_back(*event, texts_);
  }
  /// Three events of each run, of which one of a hundred is refused.
  void add_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      add(i / 3, i, i % 100 == 50 ? Fate::refused : Fate::recorded);
    }
  }
  Isolated written(Counting& session) {
    const ItemsOf items{events_, names_};
    Recording recording{counted_, Timestamp{}};
    return batch::write_beside_refused(session, items.all(), events_.size(), recording, target_);
  }
  std::vector<std::size_t> refused(const Isolated& isolated) {
    std::vector<std::size_t> places;
    for (const LeftAside& one : isolated.refused) places.push_back(one.place);
    std::ranges::sort(places);
    return places;
  }
  /// What one event at a time leaves, without those of the places.
  testing::MemorySession::Content expected(const std::vector<std::size_t>& without) {
    testing::MemorySession session;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (std::ranges::binary_search(without, i)) continue;
      record_task_run_event(session, events_[i], Timestamp{});
    }
    return session.content;
  }

  std::pmr::monotonic_buffer_resource texts_;
  testing::UncountedMetrics metrics_;
  RecorderMetrics counted_{metrics_};
  RecorderTarget target_{metrics_};
  EventDecoder decoder_;
  std::vector<PackedEvent> events_;
  std::vector<ItemNames> names_;
};

TEST_F(IsolationLaw, all_but_the_refused_go_in_whether_or_not_rows_are_named) {
  add_many(600);
  std::vector<std::size_t> bad;
  for (std::size_t i = 50; i < 600; i += 100) bad.push_back(i);
  for (const bool names_rows : {true, false}) {
    Counting session;
    session.names_rows = names_rows;
    const Isolated isolated = written(session);
    EXPECT_EQ(refused(isolated), bad);
    EXPECT_EQ(isolated.done.size(), 594U);
    EXPECT_EQ(isolated.written.verdicts.size(), 594U);
    EXPECT_TRUE(std::ranges::all_of(isolated.written.verdicts, &hangar::Verdict::recorded));
    EXPECT_EQ(session.content, expected(bad));
  }
}

TEST_F(IsolationLaw, what_is_refused_is_at_fault_where_the_same_write_takes_others_afterwards) {
  add_many(600);
  for (const bool names_rows : {true, false}) {
    Counting session;
    session.names_rows = names_rows;
    const Isolated isolated = written(session);
    EXPECT_EQ(std::ranges::count(isolated.refused, true, &LeftAside::at_fault), 6);
  }
}

TEST_F(IsolationLaw, nothing_shows_whose_fault_the_last_refusals_are) {
  add(1, 1, Fate::recorded);
  add(2, 2, Fate::refused);
  add(3, 3, Fate::refused);
  Counting session;
  session.names_rows = false;
  const Isolated isolated = written(session);
  EXPECT_EQ(refused(isolated), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(std::ranges::count(isolated.refused, true, &LeftAside::at_fault), 0);
}

TEST_F(IsolationLaw, another_write_that_takes_rows_does_not_show_whose_fault_a_refusal_is) {
  Counting session;
  add(1, 1, Fate::recorded);
  static_cast<void>(written(session));
  add(1, 2, Fate::recorded);
  add(2, 3, Fate::recorded);
  session.updates_nothing = true;
  const Isolated isolated = written(session);
  EXPECT_EQ(refused(isolated), std::vector<std::size_t>{1});
  EXPECT_EQ(isolated.done, (std::vector<std::size_t>{0, 2}));
  EXPECT_FALSE(isolated.refused.front().at_fault);
}

TEST_F(IsolationLaw, a_refused_event_costs_a_few_calls_and_no_search) {
  add_many(2'400);
  Counting session;
  EXPECT_EQ(written(session).refused.size(), 24U);
  // One look at all; of each part of 48 a savepoint, runs and states; of each refused one the same
  // once more.
  EXPECT_LE(session.calls, 2U + 50U * 3U + 24U * 4U);
}

TEST_F(IsolationLaw, the_event_that_makes_its_run_refused_is_found_among_those_of_the_run) {
  add(1, 1, Fate::recorded);
  for (std::size_t state = 2; state < 6; ++state) add(2, state, Fate::recorded);
  add(2, 6, Fate::recorded_or_refused);
  add(2, 7, Fate::recorded_or_refused);
  add(2, 8, Fate::recorded);
  add(3, 9, Fate::recorded);
  // Folded with a newer event the name is another, and the run is taken.
  Counting session;
  EXPECT_EQ(refused(written(session)), std::vector<std::size_t>{});
  events_.erase(events_.begin() + 7);
  names_.erase(names_.begin() + 7);
  Counting again;
  const Isolated isolated = written(again);
  EXPECT_EQ(refused(isolated), (std::vector<std::size_t>{5, 6}));
  EXPECT_EQ(again.content, expected({5, 6}));
}

TEST_F(IsolationLaw, what_is_recorded_already_changes_nothing) {
  add_many(300);
  Counting session;
  const Isolated first = written(session);
  const auto content = session.content;
  const Isolated again = written(session);
  EXPECT_EQ(refused(again), refused(first));
  EXPECT_EQ(session.content, content);
}

}  // namespace
}  // namespace hangar::recorder
