// Runs the hot path once under callgrind, which then writes one count for each step.
#include <valgrind/callgrind.h>

#include <exception>
#include <iostream>

#include "event_file.hpp"
#include "hot_path.hpp"

namespace {

constexpr std::size_t batch = 1'000;

void count(const hangar::bench::EventFile& file) {
  hangar::bench::HotPath path;
  const auto each_batch = [&](auto&& step) {
    for (auto rest = file.events(); !rest.empty();) {
      const auto messages = rest.first(std::min(batch, rest.size()));
      rest = rest.subspan(messages.size());
      step(messages);
    }
  };
  // Once before, so that what is made once and kept is not counted.
  each_batch([&](auto messages) {
    path.decode(messages);
    path.assign_lanes();
    path.fold();
    path.encode();
  });
  const auto counted = [](auto&& step) {
    CALLGRIND_TOGGLE_COLLECT;
    step();
    CALLGRIND_TOGGLE_COLLECT;
  };
  each_batch([&](auto messages) { counted([&] { path.decode(messages); }); });
  CALLGRIND_DUMP_STATS_AT("decode");
  each_batch([&](auto messages) {
    path.decode(messages);
    counted([&] { path.assign_lanes(); });
  });
  CALLGRIND_DUMP_STATS_AT("lanes");
  each_batch([&](auto messages) {
    path.decode(messages);
    counted([&] { path.fold(); });
  });
  CALLGRIND_DUMP_STATS_AT("fold");
  each_batch([&](auto messages) {
    path.decode(messages);
    path.fold();
    counted([&] { path.encode(); });
  });
  CALLGRIND_DUMP_STATS_AT("encode");
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  try {
    if (count_of_arguments != 2)
      throw std::runtime_error{"usage: count_instructions EVENTS | --compiler"};
    if (std::string_view{arguments[1]} == "--compiler") {
      std::cout << "g++ " __VERSION__ "\n";
      return 0;
    }
    count(hangar::bench::EventFile{arguments[1]});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "count_instructions: " << error.what() << '\n';
    return 1;
  }
}
