#include "simulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "prefect/event_tables.hpp"

namespace hangar::simulation {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;

constexpr std::size_t resources_of_each = 2;

/// Refused as an event, or by one of its resources; ignored is a message without data.
Published make_persister_event(std::size_t number, Fate fate, bool by_resource) {
  Published event;
  event.fate = fate;
  event.state_id = fmt::format("00000003-0000-4000-8000-{:012x}", number);
  if (fate == Fate::ignored) return event;
  const bool refused = fate == Fate::refused;
  event.data =
      fmt::format(R"({{"occurred":"2026-11-20T00:00:00Z","event":"{}","id":"{}",)"
                  R"("resource":{{"prefect.resource.id":"r{}"}},)"
                  R"("related":[{{"prefect.resource.id":"{}","prefect.resource.role":"tag"}}]}})",
                  refused && !by_resource ? refused_text : "e", event.state_id, number,
                  refused && by_resource ? refused_text : "fine");
  if (fate == Fate::malformed) event.data.pop_back();
  return event;
}

std::vector<Published> make_stream(Random& random) {
  std::vector<Published> stream;
  for (std::size_t left = 1 + random() % 25; left > 0; --left) {
    constexpr Fate fates[]{Fate::ignored, Fate::malformed, Fate::refused};
    const auto draw = random() % 12;
    const Fate fate = draw < 3 ? fates[draw] : Fate::recorded;
    stream.push_back(make_persister_event(stream.size(), fate, one_in(random, 2)));
    if (one_in(random, 8)) stream.push_back(stream.back());
  }
  std::ranges::shuffle(stream, random);
  return stream;
}

/// Every event that is to be recorded, with each of its resources once, and nothing else.
void expect_rows(const World& world) {
  std::map<std::string, std::size_t> resources;
  const auto& content = world.database.content();
  const auto uuid_at = [](const auto& row, std::size_t column) {
    return text_of(row.at(column).view().uuid());
  };
  if (const auto table = content.find("event_resources"); table != content.end()) {
    for (const auto& [key, row] : table->second) {
      ++resources[uuid_at(row, event_resources::event_id)];
    }
  }
  std::size_t stored = 0;
  if (const auto table = content.find("events"); table != content.end()) {
    stored = table->second.size();
    for (const auto& [key, row] : table->second) {
      EXPECT_EQ(resources[uuid_at(row, events::id)], resources_of_each);
    }
  }
  EXPECT_EQ(resources.size(), stored) << "resources without their event";
  for (const Published& event : world.events) {
    EXPECT_EQ(world.database.has_row(event.state_id), event.fate == Fate::recorded);
  }
}

void expect_nothing_lost(unsigned seed) {
  Random draw{seed};
  Simulation simulation{seed, make_stream(draw)};
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

TEST(PersisterSimulation, nothing_is_lost_doubled_or_invented_whatever_fails_at_whatever_step) {
  of_each_seed(expect_nothing_lost);
}

TEST(PersisterSimulation, one_good_event_is_proof_enough) {
  for (const bool by_resource : {false, true}) {
    std::vector<Published> stream;
    for (std::size_t i = 0; i < 20; ++i) {
      stream.push_back(make_persister_event(i, Fate::refused, by_resource));
    }
    stream.push_back(make_persister_event(20, Fate::recorded, false));
    Simulation simulation{1, std::move(stream)};
    simulation.world().faults = false;
    simulation.add_replica({.lanes = 2, .batch_size = 5});
    simulation.run([](std::size_t) {});
    ASSERT_EQ(simulation.world().wrong, "");
    expect_fates(simulation.world());
    expect_rows(simulation.world());
  }
}

}  // namespace
}  // namespace hangar::simulation
