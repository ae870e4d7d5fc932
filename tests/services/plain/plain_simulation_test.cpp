#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "simulation.hpp"

namespace hangar::simulation {
namespace {

std::vector<Published> make_plain_events(Random& random) {
  std::vector<Published> events;
  for (std::size_t left = 1 + random() % 25; left > 0; --left) {
    constexpr Fate fates[]{Fate::ignored, Fate::malformed, Fate::refused};
    const auto draw = random() % 12;
    const Fate fate = draw < 3 ? fates[draw] : Fate::recorded;
    events.push_back(make_event(random() % 5, events.size(), fate));
    if (one_in(random, 8)) events.push_back(events.back());
  }
  std::ranges::shuffle(events, random);
  return events;
}

/// The rows of all that is recorded, and no others.
void expect_rows(const World& world) {
  for (const auto& [name, rows] : world.database.content()) {
    for (const auto& [id, row] : rows) {
      const auto event =
          std::ranges::find(world.events, std::string{id.view().text()}, &Published::state_id);
      ASSERT_NE(event, world.events.end()) << id.view().text();
      EXPECT_EQ(event->fate, Fate::recorded);
    }
  }
}

void expect_nothing_lost(unsigned seed) {
  Random draw{seed};
  Simulation simulation{seed, make_plain_events(draw)};
  World& world = simulation.world();
  const bool faulty = one_in(draw, 3);
  // Without a good event among those that are left nothing tells whose fault a refusal is.
  constexpr std::size_t decided = 5'000;
  simulation.add_replicas(draw);
  simulation.run([&](std::size_t step) {
    if (faulty) simulation.change_fault(step, draw);
    world.forced = step >= decided && world.database.fault == Database::Fault::none;
  });
  ASSERT_EQ(world.wrong, "");
  expect_fates(world);
  expect_rows(world);
}

TEST(PlainSimulation, nothing_is_lost_or_invented_whatever_fails_at_whatever_step) {
  of_each_seed(expect_nothing_lost);
}

TEST(PlainSimulation, one_good_event_is_proof_enough) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 20; ++i) events.push_back(make_event(i, i, Fate::refused));
  events.push_back(make_event(20, 20, Fate::recorded));
  Simulation simulation{1, std::move(events)};
  simulation.world().faults = false;
  simulation.add_replica({.lanes = 2, .batch_size = 5});
  simulation.run([](std::size_t) {});
  ASSERT_EQ(simulation.world().wrong, "");
  expect_fates(simulation.world());
}

TEST(PlainSimulation, a_database_at_fault_is_waited_for) {
  std::vector<Published> events;
  for (std::size_t i = 0; i < 30; ++i) {
    events.push_back(make_event(i, i, i == 15 ? Fate::refused : Fate::recorded));
  }
  Simulation simulation{1, std::move(events)};
  World& world = simulation.world();
  world.faults = false;
  world.database.fault = Database::Fault::not_null;
  simulation.add_replica({.lanes = 2, .batch_size = 10});
  bool patient = true;
  simulation.run([&](std::size_t step) {
    if (step < 5'000) patient = patient && world.stream.dead_letters().empty();
    if (step == 5'000) world.database.fault = Database::Fault::none;
  });
  ASSERT_EQ(world.wrong, "");
  EXPECT_TRUE(patient);
  expect_fates(world);
}

}  // namespace
}  // namespace hangar::simulation
