#include "fold.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory_resource>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "batch/lanes.hpp"
#include "event_decoder.hpp"
#include "memory_session.hpp"
#include "record.hpp"

namespace hangar::recorder {
namespace {

using testing::MemorySession;

Uuid uuid(int kind, int number) {
  Uuid id;
  id.bytes[0] = static_cast<std::uint8_t>(kind);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

/// An event with names from small sets, so that ids, natural keys, states and instants collide.
TaskRunEvent make_event(std::mt19937& random) {
  static constexpr std::array<std::string_view, 4> words{"a", "b", "c", "d"};
  const auto pick = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  TaskRunEvent event;
  event.run_id = uuid(1, pick(5));
  if (pick(12) == 0) event.too_long_for_index = "name";
  event.run[task_run::flow_run_id] = pick(5) != 0 ? Cell{uuid(2, pick(3))} : Cell::null();
  event.run[task_run::task_key] = words[static_cast<std::size_t>(pick(2))];
  event.run[task_run::dynamic_key] = words[static_cast<std::size_t>(pick(2))];
  event.run[task_run::state_id] = uuid(3, pick(60));
  event.run[task_run::state_timestamp] = Timestamp{Interval{pick(40)}};
  event.run[task_run::name] = words[static_cast<std::size_t>(pick(4))];
  for (const auto column : {task_run::run_count, task_run::flow_run_run_count}) {
    if (pick(2) == 0) event.run[column] = std::int32_t{pick(100)};
  }
  if (pick(2) == 0) event.run[task_run::cache_key] = Cell::null();
  event.run[task_run::state_name] = words[static_cast<std::size_t>(pick(4))];
  event.state_message = event.state_data = Cell::null();
  event.state_details = std::string_view{"{00000000-0000-0000-0000-000000000000}"};
  event.details_task_run_id_at = 1;
  return event;
}

/// Leaves of the run's columns those that every event has.
void tell_the_least(TaskRunEvent& event) {
  const auto told = std::exchange(event.run, {});
  for (const auto column : {task_run::flow_run_id, task_run::task_key, task_run::dynamic_key,
                            task_run::state_id, task_run::state_timestamp}) {
    event.run[column] = told[column];
  }
}

struct Stream {
  explicit Stream(std::span<const TaskRunEvent> told) {
    for (const TaskRunEvent& event : told) {
      events.emplace_back(event, memory);
      names.push_back(names_of(event));
    }
  }
  std::pmr::monotonic_buffer_resource memory;
  std::vector<PackedEvent> events;
  std::vector<ItemNames> names;
};

Stream make_stream(unsigned seed, std::size_t length) {
  std::mt19937 random{seed};
  std::vector<TaskRunEvent> events(length);
  for (TaskRunEvent& event : events) event = make_event(random);
  return Stream{events};
}

struct Outcome {
  MemorySession::Content content;
  std::vector<Verdict> verdicts;
  bool operator==(const Outcome&) const = default;
};

Outcome one_by_one(unsigned seed, std::size_t length) {
  MemorySession session;
  Outcome outcome;
  const Stream stream = make_stream(seed, length);
  for (const PackedEvent& event : stream.events) {
    outcome.verdicts.push_back(record_task_run_event(session, event, Timestamp{}));
  }
  outcome.content = std::move(session.content);
  return outcome;
}

Outcome in_batches(unsigned seed, std::size_t length, std::size_t batch_size) {
  const Stream stream = make_stream(seed, length);
  MemorySession session;
  Outcome outcome;
  for (std::size_t done = 0; done < length;) {
    const auto batch = std::span{stream.events}.subspan(done, std::min(batch_size, length - done));
    const auto verdicts =
        record_bulk_task_run_events(session, batch, batch.size(), Timestamp{}).verdicts;
    outcome.verdicts.insert(outcome.verdicts.end(), verdicts.begin(), verdicts.end());
    done += verdicts.size();
  }
  outcome.content = std::move(session.content);
  return outcome;
}

/// Several lanes whose transactions happen in any order, as the recorder runs them.
Outcome in_lanes(unsigned seed, std::size_t length, std::size_t batch_size, std::size_t count) {
  const Stream stream = make_stream(seed, length);
  std::mt19937 random{seed};
  MemorySession session;
  Outcome outcome;
  outcome.verdicts.resize(length);
  batch::Lanes lanes{count};
  std::vector<std::deque<std::size_t>> queues(count);
  std::size_t read = 0;
  std::size_t settled = 0;
  while (settled < length) {
    if (random() % 5 == 0) lanes.next_batch();
    if (read < length && random() % 3 != 0) {
      if (const auto lane = lanes.assign(stream.names[read], read)) queues[*lane].push_back(read++);
    }
    auto& queue = queues[random() % count];
    if (queue.empty()) continue;
    std::vector<PackedEvent> batch;
    for (std::size_t i = 0; i < std::min(batch_size, queue.size()); ++i) {
      batch.push_back(stream.events[queue[i]]);
    }
    const std::vector<std::uint64_t> arrivals{queue.begin(), queue.end()};
    for (const Verdict verdict :
         record_bulk_task_run_events(session, batch, lanes.oldest(arrivals), Timestamp{})
             .verdicts) {
      outcome.verdicts[queue.front()] = verdict;
      lanes.release(stream.names[queue.front()], queue.front());
      queue.pop_front();
      ++settled;
    }
  }
  outcome.content = std::move(session.content);
  return outcome;
}

class FoldLaw : public ::testing::TestWithParam<unsigned> {};

TEST_P(FoldLaw, any_cut_into_batches_leaves_the_rows_of_one_event_at_a_time) {
  const auto expected = one_by_one(GetParam(), 120);
  for (const std::size_t batch_size : {2U, 7U, 40U, 120U}) {
    EXPECT_EQ(in_batches(GetParam(), 120, batch_size), expected) << "batch size " << batch_size;
  }
}

TEST_P(FoldLaw, any_interleaving_of_lanes_leaves_the_rows_of_one_event_at_a_time) {
  const auto expected = one_by_one(GetParam(), 120);
  for (const std::size_t lanes : {2U, 4U}) {
    for (const std::size_t batch_size : {1U, 5U, 30U}) {
      EXPECT_EQ(in_lanes(GetParam(), 120, batch_size, lanes), expected)
          << lanes << " lanes, batch size " << batch_size;
    }
  }
}

TEST_P(FoldLaw, redelivered_batch_changes_nothing) {
  const Stream stream = make_stream(GetParam(), 60);
  MemorySession session;
  for (const PackedEvent& event : stream.events) {
    record_task_run_event(session, event, Timestamp{});
  }
  const auto once = session.content;
  // The newest event of each run, again: it is not newer than what is stored.
  const Recorded again = record_bulk_task_run_events(session, std::span{stream.events}.last(1), 1,
                                                     Timestamp{Interval{1}});
  EXPECT_EQ(session.content, once);
  EXPECT_NE(again.verdicts.front(), Verdict::recorded);
  EXPECT_EQ(again.runs_inserted + again.runs_updated, 0U);
}

TEST(Fold, one_run_by_a_hundred_keys_is_one_transaction) {
  std::mt19937 random{1};
  std::vector<TaskRunEvent> events(100, make_event(random));
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto& event = events[i];
    event.too_long_for_index = {};
    event.run[task_run::flow_run_id] = uuid(2, static_cast<int>(i));
    event.run[task_run::state_id] = uuid(3, static_cast<int>(i));
    event.run[task_run::state_timestamp] = Timestamp{Interval{static_cast<std::int64_t>(i)}};
  }
  const Stream stream{events};
  MemorySession session;
  const auto record = [&](std::size_t first, std::size_t oldest) {
    const auto batch = std::span{stream.events}.subspan(first);
    return record_bulk_task_run_events(session, batch, oldest, Timestamp{}).verdicts.size();
  };
  EXPECT_EQ(record(99, 1), 1U);
  EXPECT_EQ(record(0, 0), 0U);
  EXPECT_EQ(record(0, 7), 7U);
  EXPECT_EQ(record(7, 92), 93U) << "the last one is what is stored";
}

TEST(Fold, values_that_no_event_told_are_marked) {
  using enum Cell::Basis;
  std::mt19937 random{1};
  TaskRunEvent event = make_event(random);
  event.too_long_for_index = {};
  tell_the_least(event);
  event.run[task_run::cache_key] = Cell::null();
  const Stream stream{{&event, 1}};
  Fold fold{stream.events, Timestamp{}};
  ASSERT_EQ(fold.apply(Rows{task_run_table()}, 1), 1U);
  const auto run = fold.inserts()[0];
  for (const auto& [column, basis] :
       {std::pair{task_run::id, stated}, std::pair{task_run::task_key, stated},
        std::pair{task_run::cache_key, stated}, std::pair{task_run::tags, inferred},
        std::pair{task_run::empirical_policy, inferred}, std::pair{task_run::labels, inferred},
        std::pair{task_run::name, generated}, std::pair{task_run::created, generated},
        std::pair{task_run::updated, generated}}) {
    EXPECT_EQ(run[column].basis(), basis) << task_run_table().columns[column].name;
  }
  const auto state = fold.states()[0];
  EXPECT_EQ(state[task_run_state::created].basis(), generated);
  EXPECT_EQ(state[task_run_state::message].basis(), stated);
}

TEST(Fold, values_that_the_newest_event_does_not_tell_are_marked) {
  std::mt19937 random{1};
  std::array<TaskRunEvent, 2> events{make_event(random), make_event(random)};
  auto& [older, newest] = events;
  for (TaskRunEvent& event : events) {
    event.run_id = older.run_id;
    event.too_long_for_index = {};
    tell_the_least(event);
    event.run[task_run::flow_run_id] = Cell::null();
    event.run[task_run::cache_key] = Cell::null();
  }
  older.run[task_run::total_run_time] = Interval{7};
  newest.run[task_run::state_timestamp] = older.state_timestamp() + Interval{1};
  const Stream stream{events};
  Fold fold{stream.events, Timestamp{}};
  ASSERT_EQ(fold.apply(Rows{task_run_table()}, 2), 2U);
  const auto run = fold.inserts()[0];
  EXPECT_EQ(run[task_run::total_run_time], Cell{Interval{7}});
  EXPECT_EQ(run[task_run::total_run_time].basis(), Cell::Basis::inferred);
  EXPECT_EQ(run[task_run::cache_key].basis(), Cell::Basis::stated);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FoldLaw, ::testing::Range(0U, 200U));

}  // namespace
}  // namespace hangar::recorder
