// Decode, lanes, fold and encode by Google Benchmark: `hot_path_benchmark EVENTS [--benchmark_…]`.
#include <benchmark/benchmark.h>

#include <exception>
#include <iostream>

#include "event_file.hpp"
#include "hot_path.hpp"

namespace {

using hangar::bench::EventFile;
using hangar::bench::HotPath;

enum class Step { decode, lanes, fold, encode };

void measure(benchmark::State& state, const EventFile& file, Step step) {
  const auto messages =
      file.events().first(std::min(file.events().size(), static_cast<std::size_t>(state.range(0))));
  HotPath path;
  path.decode(messages);
  path.assign_lanes();
  path.fold();
  for (auto _ : state) {
    if (step == Step::decode) path.decode(messages);
    if (step == Step::lanes) path.assign_lanes();
    if (step == Step::fold) path.fold();
    if (step == Step::encode) benchmark::DoNotOptimize(path.encode());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages.size()));
}

}  // namespace

int main(int count, char** arguments) {
  try {
    benchmark::Initialize(&count, arguments);
    if (count != 2) throw std::runtime_error{"usage: hot_path_benchmark EVENTS [--benchmark_…]"};
    const EventFile file{arguments[1]};
    const auto add = [&](const char* name, Step step) {
      benchmark::RegisterBenchmark(name, measure, std::cref(file), step)
          ->RangeMultiplier(10)
          ->Range(1, 1'000);
    };
    add("decode", Step::decode);
    add("lanes", Step::lanes);
    add("fold", Step::fold);
    add("encode", Step::encode);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "hot_path_benchmark: " << error.what() << '\n';
    return 1;
  }
}
