// What becomes of four messages, without a broker and a database; and, given settings and a folder
// for data, that the service can be stopped at any moment and leaves nothing behind.
#include <cstdlib>
#include <exception>
#include <hangar/plugin.hpp>
#include <hangar/testing/service_bench.hpp>
#include <hangar/testing/start_stop.hpp>
#include <iostream>
#include <stdexcept>
#include <string>

extern "C" const hangar::Plugin hangar_plugin;

namespace {

void expect(bool holds, const char* law) {
  if (!holds) throw std::runtime_error{law};
}

void test_messages() {
  hangar::testing::ServiceBench bench{hangar_plugin};
  bench.set("most", 100);
  for (const char* text : {"kitchen 21", "cellar 12", "nothing", "oven 101"}) {
    bench.source().add(text);
  }
  bench.run();
  const hangar::Rows rows = bench.rows("example_service");
  expect(rows.size() == 2, "a reading is a row, and nothing else is");
  expect(rows[0][1].text() == "kitchen" && rows[0][2].int8() == 21, "a row has what was read");
  const auto& letters = bench.source().rejected();
  expect(letters.size() == 2 && letters.at(3).reason == "not_a_reading" &&
             letters.at(4).reason == "too_large",
         "what is no reading is a dead letter");
  expect(bench.metric("example_service_readings_total") == 2, "readings are counted");
}

void test_stops(const std::string& settings, const std::string& data) {
  hangar::HostOptions options;
  options.config_files = {settings};
  options.sets = {"data_dir=" + data, "nats.url=nats://127.0.0.1:1", "log.level=error",
                  "admin.listen="};
  options.only = {"event_logger"};
  hangar::testing::start_and_stop(options, {"example_service"}, 6);
}

}  // namespace

int main(int count, char** words) try {
  test_messages();
  if (count == 3) test_stops(words[1], words[2]);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
