#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "replica.hpp"

namespace hangar::simulation {

inline bool may_be_either(const Published& event) {
  return event.fate == Fate::recorded_or_orphan || event.fate == Fate::recorded_or_refused;
}

inline void expect_fates(const World& world) {
  for (std::size_t message = 0; message < world.events.size(); ++message) {
    const Fate fate = world.events[message].fate;
    if (may_be_either(world.events[message])) continue;
    const bool dead = fate != Fate::recorded && fate != Fate::ignored;
    EXPECT_EQ(world.stream.dead_letters().contains(message), dead) << "message " << message;
    EXPECT_TRUE(world.is_safe(message)) << "message " << message;
  }
}

/// Runs replicas, killing and replacing them, until every message is settled or nothing moves.
class Simulation {
 public:
  Simulation(unsigned seed, std::vector<Published> events) : world_{seed, std::move(events)} {}

  World& world() noexcept { return world_; }

  void add_replica(const Settings& settings) {
    settings_.push_back(settings);
    replicas_.push_back(std::make_unique<Replica>(world_, replicas_.size(), settings));
  }

  /// One to three, of any settings.
  void add_replicas(Random& draw) {
    for (std::size_t replicas = 1 + draw() % 3; replicas > 0; --replicas) {
      add_replica({.lanes = 1 + static_cast<std::int64_t>(draw() % 4),
                   .batch_size = 1 + static_cast<std::int64_t>(draw() % 12)});
    }
  }

  /// The database is at fault now and then, until step 1,000.
  void change_fault(std::size_t step, Random& draw) {
    using enum Database::Fault;
    if (!one_in(draw, 40)) return;
    world_.database.fault = step >= 1'000 || one_in(draw, 3) ? none
                            : one_in(draw, 2)                ? not_null
                                                             : unknown;
  }

  /// Returns how many steps it took. `at_step` is called before each.
  std::size_t run(const std::function<void(std::size_t)>& at_step) {
    constexpr std::size_t last_fault = 1'000;
    constexpr std::size_t endless = 200'000;
    std::size_t step = 0;
    for (; step < endless && world_.wrong.empty() && !finished(); ++step) {
      at_step(step);
      // A replica that is killed starts afresh, which would mend one that is stuck.
      if (step == last_fault) world_.faults = false;
      world_.stream.tick();
      const std::size_t number = world_.random() % replicas_.size();
      if (world_.faults && one_in(world_.random, 400)) kill(number);
      if (!replicas_[number]->step()) wake_all();
    }
    if (world_.wrong.empty() && !finished()) world_.wrong = "nothing moves any more";
    return step;
  }

 private:
  [[nodiscard]] bool finished() const {
    return std::ranges::all_of(replicas_, [](const auto& one) { return one->finished(); });
  }
  void kill(std::size_t number) {
    replicas_[number].reset();
    replicas_[number] = std::make_unique<Replica>(world_, number, settings_[number]);
  }
  void wake_all() {
    bool due = world_.stream.settled();
    for (std::size_t i = 0; i < replicas_.size(); ++i) due = due || world_.stream.due(i);
    if (!due && one_in(world_.random, 20)) world_.stream.skip_ahead();
    for (const auto& replica : replicas_) replica->wake();
  }

  World world_;
  std::vector<Settings> settings_;
  std::vector<std::unique_ptr<Replica>> replicas_;
};

/// HANGAR_TEST_SEED replays one seed.
inline void of_each_seed(const std::function<void(unsigned)>& expect) {
  const char* one = std::getenv("HANGAR_TEST_SEED");
  const unsigned first = one == nullptr ? 0 : static_cast<unsigned>(std::stoul(one));
  const unsigned seeds = one == nullptr ? SIMULATION_SEEDS : 1;
  for (unsigned seed = first; seed < first + seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("HANGAR_TEST_SEED=" + std::to_string(seed));
    expect(seed);
  }
}

}  // namespace hangar::simulation
