#include "config/sections.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/nearest.hpp"
#include "workbench.hpp"

namespace hangar {
namespace {

TEST(Sections, no_variable_sets_two_of_the_real_fields) {
  HostConfig host;
  ReaderConfig recorder{"S", "s.>", "recorder"};
  ReaderConfig logger{"S", "s.>", "logger"};
  Sections sections;
  host.fields(sections.host);
  recorder.fields(sections.services["task_run_recorder"]);
  logger.fields(sections.services["event_logger"]);
  EXPECT_EQ(check_collisions(sections), std::vector<std::string>{});
  EXPECT_GT(entries(sections).size(), 30U);
}

TEST(Sections, one_variable_for_two_fields_is_found) {
  std::int64_t number = 0;
  Secret secret;
  Sections sections;
  sections.services["a_b"].add("c", &number, "");
  sections.services["a"].add("b_c", &number, "");
  sections.host.add("key", &secret, "");
  sections.host.add("key_file", &number, "");
  sections.host.add("port_range", &number, "");
  EXPECT_EQ(check_collisions(sections),
            (std::vector<std::string>{
                "HANGAR_KEY_FILE would set both key and key_file: rename one",
                "port_range would be set by HANGAR_PORT_RANGE, which others use",
                "HANGAR_SERVICES_A_B_C would set both services.a.b_c and services.a_b.c: rename "
                "one"}));
  EXPECT_THROW(load(sections, {}), ConfigError);
}

TEST(Sections, fields_come_in_the_order_of_their_declaration) {
  const Workbench bench;
  const std::vector<Entry> all = entries(bench.sections);
  EXPECT_EQ(all.front().path, "data_dir");
  EXPECT_EQ(all.back().path, "services.sample.format");
}

TEST(Nearest, two_edits_are_a_typing_mistake_and_three_are_not) {
  const std::vector<std::string> known{"batch_size", "stream", "durable", "on"};
  EXPECT_EQ(did_you_mean("bach_size", known), " (did you mean 'batch_size'?)");
  EXPECT_EQ(did_you_mean("bacthsize", known), "");
  EXPECT_EQ(did_you_mean("steam", known), " (did you mean 'stream'?)");
  EXPECT_EQ(did_you_mean("streams", known), " (did you mean 'stream'?)");
  EXPECT_EQ(did_you_mean("straem", known), " (did you mean 'stream'?)");
  EXPECT_EQ(did_you_mean("strxyz", known), "");
  EXPECT_EQ(did_you_mean("", known), "");
  EXPECT_EQ(did_you_mean("ab", known), "");
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'a'), known), "");
}

}  // namespace
}  // namespace hangar
