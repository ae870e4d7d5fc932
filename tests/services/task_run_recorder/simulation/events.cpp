#include "events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hangar::simulation {
namespace {

std::string uuid(unsigned kind, std::size_t number) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", kind, number);
}

Fate draw_fate(Random& random, Fate of_run) {
  const auto draw = random() % 20;
  if (draw == 0) return Fate::ignored;
  if (draw == 1) return Fate::malformed;
  if (draw == 2 && of_run == Fate::recorded) return Fate::refused;
  if (draw == 3 && of_run == Fate::recorded) return Fate::recorded_or_refused;
  return of_run;
}

}  // namespace

Published make_event(std::size_t run, std::size_t state, Fate fate, bool alias) {
  constexpr std::array<std::string_view, 4> types{"PENDING", "RUNNING", "COMPLETED", "FAILED"};
  const std::string flow_run = uuid(2, run);
  const std::string state_id = uuid(3, state);
  const auto time = fmt::format("2026-11-20T00:{:02}:{:02}Z", state / 60, state % 60);
  std::string data = fmt::format(
      R"({{"occurred":"{0}","event":"prefect.{1}.Running","id":"{2}",)"
      R"("resource":{{"prefect.resource.id":"prefect.{1}.{3}","prefect.orchestration":"client"}},)"
      R"("related":[{{"prefect.resource.id":"prefect.flow-run.{4}",)"
      R"("prefect.resource.role":"flow-run"}}],)"
      R"("payload":{{"validated_state":{{"type":"{5}","name":"S{6}","message":"{7}"}},)"
      R"("task_run":{{"name":"{9}","task_key":"k{8}","dynamic_key":"0","run_count":{6},)"
      R"("tags":["t{6}"],"labels":{{}},"start_time":"{0}"}}}}}})",
      time, fate == Fate::ignored ? "flow-run" : "task-run", state_id, uuid(alias ? 4 : 1, run),
      flow_run, types[state % types.size()], state, fate == Fate::refused ? refused_text : "fine",
      run, fate == Fate::recorded_or_refused ? refused_text : fmt::format("r{}", run));
  if (fate == Fate::malformed) data.pop_back();
  return {std::move(data), fate, state_id, flow_run, alias};
}

std::vector<Published> make_events(Random& random) {
  std::vector<Published> events;
  const std::size_t runs = 1 + random() % 5;
  const bool aliases = one_in(random, 4);
  for (std::size_t run = 0; run < runs; ++run) {
    Fate of_run = Fate::recorded;
    if (one_in(random, 8)) of_run = Fate::orphan;
    if (one_in(random, 8)) of_run = Fate::recorded_or_orphan;
    for (std::size_t states = 1 + random() % 6; states > 0; --states) {
      events.push_back(
          make_event(run, events.size(), draw_fate(random, of_run), aliases && one_in(random, 3)));
      if (one_in(random, 10)) events.push_back(events.back());
    }
  }
  std::ranges::shuffle(events, random);
  return events;
}

}  // namespace hangar::simulation
