#include "simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>

#include "event_decoder.hpp"
#include "record.hpp"

namespace hangar::simulation {
namespace {

/// The rows without the time of their writing, which is the only thing that may differ.
Database::Content comparable(Database::Content content) {
  std::erase_if(content, [](const auto& table) { return table.second.empty(); });
  const testing::OwnedCell nothing{Cell{}};
  for (auto& [name, rows] : content) {
    for (auto& [id, row] : rows) {
      const bool run = name == "task_run";
      row[run ? std::size_t{recorder::task_run::created}
              : std::size_t{recorder::task_run_state::created}] = nothing;
      row[run ? std::size_t{recorder::task_run::updated}
              : std::size_t{recorder::task_run_state::updated}] = nothing;
    }
  }
  return content;
}

/// The rows that the law leaves of one event at a time, of all that have no dead letter. An event
/// that can have either fate may have both, when another replica has it again at another time.
Database::Content expected_content(const World& world) {
  testing::MemorySession session;
  recorder::EventDecoder decoder;
  for (std::size_t message = 0; message < world.events.size(); ++message) {
    const Published& published = world.events[message];
    if (may_be_either(published) ? !world.database.has_row(published.state_id)
                                 : world.stream.dead_letters().contains(message)) {
      continue;
    }
    std::pmr::monotonic_buffer_resource texts;
    const auto event = decoder.decode(published.data, Timestamp{}, texts);
    if (event) recorder::record_task_run_event(session, {*event, texts}, Timestamp{});
  }
  return std::move(session.content);
}

void expect_nothing_lost(unsigned seed) {
  Random draw{seed};
  Simulation simulation{seed, make_events(draw)};
  World& world = simulation.world();
  for (const Published& event : world.events) {
    if (event.fate == Fate::orphan || event.fate == Fate::recorded_or_orphan) {
      world.database.missing_flow_runs.insert(event.flow_run_id);
    }
  }
  const std::size_t late = draw() % 3000;
  const bool faulty = one_in(draw, 3);
  // Without a good event among those that are left nothing tells whose fault a refusal is.
  constexpr std::size_t decided = 5'000;
  simulation.add_replicas(draw);
  simulation.run([&](std::size_t step) {
    if (faulty) simulation.change_fault(step, draw);
    auto& locked = world.database.locked_runs;
    if (one_in(draw, 50)) {
      locked.clear();
      if (step < 1'000) {
        const auto runs = world.database.content().find("task_run");
        if (runs != world.database.content().end()) {
          for (const auto& [id, row] : runs->second) {
            if (one_in(draw, 3)) locked.insert(text_of(id.view().uuid()));
          }
        }
      }
    }
    world.forced = step >= decided && world.database.fault == Database::Fault::none;
    if (step != late) return;
    for (const Published& event : world.events) {
      if (event.fate == Fate::recorded_or_orphan) {
        world.database.missing_flow_runs.erase(event.flow_run_id);
      }
    }
  });
  ASSERT_EQ(world.wrong, "");
  expect_fates(world);
  // With an alias, which id a run has depends on which event came first.
  if (std::ranges::any_of(world.events, &Published::alias)) return;
  EXPECT_EQ(comparable(world.database.content()), comparable(expected_content(world)));
}

TEST(Simulation, nothing_is_lost_or_invented_whatever_fails_at_whatever_step) {
  of_each_seed(expect_nothing_lost);
}

/// Good events and one bad one, of which the database refuses all until step 5,000; then `after`
/// good ones more may come.
void expect_patience(Database::Fault fault, std::size_t good, std::int64_t batch_size) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < good; ++i) events.push_back(make_event(i % 5, i, Fate::recorded));
  events[good / 2] = make_event(good / 2 % 5, good / 2, Fate::refused);
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  world.database.fault = fault;
  simulation.add_replica({.lanes = 1, .batch_size = batch_size});
  bool patient = true;
  simulation.run([&](std::size_t step) {
    if (step < 5'000) patient = patient && world.stream.dead_letters().empty();
    if (step == 5'000) world.database.fault = Database::Fault::none;
  });
  ASSERT_EQ(world.wrong, "");
  EXPECT_TRUE(patient);
  expect_fates(world);
}

TEST(Simulation, a_database_at_fault_is_waited_for_at_any_size_of_batch) {
  for (const auto fault : {Database::Fault::not_null, Database::Fault::unknown}) {
    expect_patience(fault, 40, 100);
    expect_patience(fault, 40, 1);
    expect_patience(fault, 4, 1);
  }
}

TEST(Simulation, orphans_are_found_by_one_look_and_not_by_halving) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 500; ++i) {
    events.push_back(make_event(i % 50, i, i % 5 == 0 ? Fate::orphan : Fate::recorded));
  }
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  for (const Published& event : world.events) {
    if (event.fate == Fate::orphan) world.database.missing_flow_runs.insert(event.flow_run_id);
  }
  simulation.add_replica({.lanes = 1, .batch_size = 500});
  std::size_t until_good_ones_are_recorded = 0;
  simulation.run([&](std::size_t) {
    const auto states = world.database.content().find("task_run_state");
    const bool all = states != world.database.content().end() && states->second.size() == 400;
    if (all && until_good_ones_are_recorded == 0) {
      until_good_ones_are_recorded = world.transactions;
    }
  });
  ASSERT_EQ(world.wrong, "");
  expect_fates(world);
  // An attempt, a look and an attempt for each batch; halving would take more than a hundred.
  EXPECT_GT(until_good_ones_are_recorded, 0U);
  EXPECT_LT(until_good_ones_are_recorded, 30U);
}

/// Good events and one of a hundred that the database refuses, in its state or in its run.
std::vector<Published> mostly_good() {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 1'000; ++i) {
    events.push_back(make_event(i % 200, i,
                                i % 200 == 57    ? Fate::refused
                                : i % 200 == 157 ? Fate::recorded_or_refused
                                                 : Fate::recorded));
  }
  return events;
}

/// How many transactions there were until nothing but what waits for something is left.
std::size_t transactions_until(Simulation& simulation, std::size_t states) {
  World& world = simulation.world();
  world.faults = false;
  simulation.add_replica({.lanes = 1, .batch_size = 1'000});
  std::size_t transactions = 0;
  simulation.run([&](std::size_t) {
    const auto stored = world.database.content().find("task_run_state");
    const bool all = stored != world.database.content().end() && stored->second.size() >= states;
    if (all && transactions == 0) transactions = world.transactions;
  });
  EXPECT_EQ(world.wrong, "");
  return transactions;
}

TEST(Simulation, what_is_refused_costs_its_neighbours_no_transaction_each) {
  Simulation simulation{1, mostly_good()};
  const std::size_t took = transactions_until(simulation, 990);
  expect_fates(simulation.world());
  // An attempt and one beside what is refused, for each of the few batches.
  EXPECT_GT(took, 0U);
  EXPECT_LT(took, 15U);
}

TEST(Simulation, neighbours_of_what_is_locked_go_in_and_it_follows_when_it_is_free) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 300; ++i) events.push_back(make_event(i % 50, i, Fate::recorded));
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  simulation.add_replica({.lanes = 1, .batch_size = 100});
  std::size_t before = 0;
  simulation.run([&](std::size_t step) {
    const auto runs = world.database.content().find("task_run");
    if (runs != world.database.content().end() && runs->second.size() == 50 && step < 5'000) {
      world.database.locked_runs = {text_of(runs->second.begin()->first.view().uuid())};
    }
    if (step == 5'000) {
      before = world.database.content().find("task_run_state")->second.size();
      EXPECT_TRUE(world.stream.dead_letters().empty());
      world.database.locked_runs.clear();
    }
  });
  EXPECT_EQ(world.wrong, "");
  EXPECT_GE(before, 294U);
  EXPECT_LT(before, 300U);
  expect_fates(world);
}

TEST(Simulation, one_good_event_is_proof_enough) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 20; ++i) events.push_back(make_event(i, i, Fate::refused));
  events.push_back(make_event(20, 20, Fate::recorded));
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  simulation.add_replica({.lanes = 2, .batch_size = 5});
  simulation.run([](std::size_t) {});
  ASSERT_EQ(world.wrong, "");
  expect_fates(world);
}

TEST(Simulation, of_nothing_but_poison_none_is_a_dead_letter_until_a_person_decides) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 20; ++i) events.push_back(make_event(i % 5, i, Fate::refused));
  events.push_back(make_event(0, 20, Fate::malformed));
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  simulation.add_replica({.lanes = 2, .batch_size = 5});
  std::size_t before = 0;
  simulation.run([&](std::size_t step) {
    if (step < 5'000) before = world.stream.dead_letters().size();
    world.forced = step >= 5'000;
  });
  ASSERT_EQ(world.wrong, "");
  EXPECT_EQ(before, 1U);  // what the decoder refuses is never held
  expect_fates(world);
}

}  // namespace
}  // namespace hangar::simulation
