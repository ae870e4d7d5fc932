#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "workbench.hpp"

namespace hangar {
namespace {

struct Source {
  std::string name;
  std::function<void(Workbench&, const std::string& value)> give;
  std::string origin;
};

std::string yaml(const std::string& value) { return "nats:\n  user: " + value + "\n"; }

// From the strongest to the weakest.
const Source sources[] = {
    {"flag", [](Workbench& bench, const std::string& value) { bench.set("nats.user=" + value); },
     "flag --set"},
    {"environment",
     [](Workbench& bench, const std::string& value) { bench.variable("HANGAR_NATS_USER", value); },
     "environment HANGAR_NATS_USER"},
    {"later file",
     [](Workbench& bench, const std::string& value) { bench.file(yaml(value), "later.yaml"); },
     "later.yaml:2:9"},
    {"earlier file",
     [](Workbench& bench, const std::string& value) {
       const auto path = bench.write("earlier.yaml", yaml(value));
       bench.inputs.files.insert(bench.inputs.files.begin(), path);
     },
     "earlier.yaml:2:9"},
    {"nats CLI",
     [](Workbench& bench, const std::string& value) { bench.variable("NATS_USER", value); },
     "environment NATS_USER"},
    {"default", [](Workbench& bench, const std::string& value) { bench.host.nats.user = value; },
     "default"},
};

TEST(Precedence, of_each_two_sources_the_stronger_wins) {
  for (const Source& strong : sources) {
    for (const Source* weak = &strong + 1; weak != std::end(sources); ++weak) {
      Workbench bench;
      strong.give(bench, "strong");
      weak->give(bench, "weak");
      bench.load();
      EXPECT_EQ(bench.host.nats.user, "strong") << strong.name << " over " << weak->name;
      EXPECT_EQ(bench.origin("nats.user"), strong.origin);
    }
  }
}

TEST(Precedence, each_source_alone_is_used) {
  for (const Source& source : sources) {
    Workbench bench;
    source.give(bench, "alone");
    bench.load();
    EXPECT_EQ(bench.host.nats.user, "alone") << source.name;
    EXPECT_EQ(bench.origin("nats.user"), source.origin);
  }
}

TEST(Precedence, a_file_that_a_variable_names_is_as_strong_as_the_variable) {
  Workbench bench;
  bench.file("nats:\n  password: weak\n")
      .variable("NATS_PASSWORD", "weaker")
      .variable("HANGAR_NATS_PASSWORD_FILE", bench.write("secret", "strong\n").native())
      .load();
  EXPECT_EQ(bench.host.nats.password.reveal(), "strong");
  EXPECT_EQ(bench.origin("nats.password"), "environment HANGAR_NATS_PASSWORD_FILE");
  bench.set("nats.password=stronger").load();
  EXPECT_EQ(bench.host.nats.password.reveal(), "stronger");
}

TEST(Precedence, the_later_of_two_flags_wins) {
  Workbench bench;
  bench.set("nats.user=a").set("nats.user=b=c").load();
  EXPECT_EQ(bench.host.nats.user, "b=c");
}

TEST(Precedence, maps_merge_and_lists_replace) {
  Workbench bench;
  bench.file("nats: {user: a, url: [nats://a:1, nats://b:1]}\n", "1.yaml")
      .file("nats: {url: [nats://c:1]}\nservices: {sample: {format: json}}\n", "2.yaml")
      .load();
  EXPECT_EQ(bench.host.nats.user, "a");
  EXPECT_EQ(bench.host.nats.urls, std::vector<std::string>{"nats://c:1"});
  EXPECT_EQ(bench.sample.format, "json");
}

TEST(Precedence, a_folder_is_its_yaml_files_in_order_of_name) {
  Workbench bench;
  bench.write("conf.d/20.yaml", "nats: {user: second}\n");
  bench.write("conf.d/10.yaml", "nats: {user: first}\ndata_dir: /data\n");
  bench.write("conf.d/30.txt", "not: read\n");
  bench.write("conf.d/.40.yaml", "not: read\n");
  bench.inputs.files = {bench.folder / "conf.d"};
  bench.load();
  EXPECT_EQ(bench.host.nats.user, "second");
  EXPECT_EQ(bench.host.data_dir, "/data");
  EXPECT_EQ(bench.origin("nats.user"), "conf.d/20.yaml:1:14");
}

TEST(Precedence, a_value_that_loses_is_not_expanded) {
  Workbench bench;
  bench.file("nats: {user: '${UNSET}', password: '${file:/nowhere}'}\n")
      .set("nats.user=flag")
      .variable("HANGAR_NATS_PASSWORD", "variable")
      .load();
  EXPECT_EQ(bench.host.nats.user, "flag");
  EXPECT_EQ(bench.host.nats.password.reveal(), "variable");
}

}  // namespace
}  // namespace hangar
