#include "config/other_settings.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "workbench.hpp"

namespace hangar {
namespace {

using Names = std::set<std::string>;

std::optional<std::string> url_of_place(OtherVariables& variables) {
  const auto place = variables.take({"THEIR_PLACE", "THEIR_OLD_PLACE"});
  if (!place || *place == "elsewhere") return std::nullopt;
  return *place + variables.take({"THEIR_SCHEMA"}).value_or("");
}

OtherDatabase theirs() {
  OtherDatabase database;
  database.settings.prefixes = {"THEIR_"};
  database.place = {"THEIR_PLACE", "THEIR_OLD_PLACE"};
  database.access = {"THEIR_PASSWORD"};
  database.hint = "Set storage.url.";
  database.url = url_of_place;
  return database;
}

struct Named {
  std::string url;
  std::string origin;
  Names untaken;
  Names empty;
  bool operator==(const Named&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Named& named) {
  out << named.url << " from " << named.origin << " untaken";
  for (const auto& name : named.untaken) out << " " << name;
  return out;
}

Named named(Workbench& bench) {
  bench.load();
  const std::vector<OtherDatabase> databases{theirs()};
  take_other_database(databases, bench.sections, bench.inputs.environment, bench.host.storage.url,
                      bench.loaded);
  return {bench.host.storage.url.value, bench.origin("storage.url"), bench.loaded.untaken,
          bench.loaded.empty};
}

TEST(OtherSettings, their_database_is_taken_when_hangar_has_none_of_its_own) {
  Workbench nothing;
  EXPECT_EQ(named(nothing), (Named{"", "default", {}, {}}));
  Workbench bench;
  bench.variable("THEIR_PLACE", "there").variable("THEIR_SCHEMA", "/s");
  EXPECT_EQ(named(bench), (Named{"there/s", "environment THEIR_PLACE, THEIR_SCHEMA", {}, {}}));
  Workbench old;
  old.variable("THEIR_PLACE", "").variable("THEIR_OLD_PLACE", "there");
  EXPECT_EQ(named(old), (Named{"there", "environment THEIR_OLD_PLACE", {}, Names{"THEIR_PLACE"}}));
}

TEST(OtherSettings, of_a_block_of_settings_none_is_ignored_without_a_word) {
  Workbench bench;
  bench.variable("THEIR_PLACE", "there").variable("THEIR_NEWEST", "x").variable("their_case", "x");
  EXPECT_EQ(named(bench).untaken, (Names{"THEIR_NEWEST", "their_case"}));
}

TEST(OtherSettings, beside_a_url_of_hangars_own_nothing_of_their_block_is_taken) {
  Workbench bench;
  bench.set("storage.url=own")
      .variable("THEIR_PLACE", "there")
      .variable("THEIR_PASSWORD", "p")
      .variable("THEIR_SCHEMA", "/s");
  EXPECT_EQ(named(bench), (Named{"own", "flag --set", Names{"THEIR_SCHEMA"}, {}}));
  Workbench empty;
  empty.set("storage.url=").variable("THEIR_PLACE", "elsewhere");
  EXPECT_EQ(named(empty).url, "") << "a flag may say that it is empty";
}

TEST(OtherSettings, a_place_that_no_storage_takes_is_an_error) {
  Workbench bench;
  bench.variable("THEIR_PLACE", "elsewhere");
  try {
    named(bench);
    FAIL() << "rows would go elsewhere";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string{error.what()},
              "THEIR_PLACE is set, but names no database that a storage here takes. Set "
              "storage.url.");
  }
}

TEST(OtherSettings, what_is_for_the_other_program_alone_is_not_warned_of) {
  Workbench bench;
  const OtherSettings settings{.prefixes = {"OTHERS_"}, .left_alone = {"OTHERS_BROKER"}};
  bench.sections.host.watch(settings);
  bench.variable("OTHERS_BROKER", "x")
      .variable("others_broker", "")
      .variable("OTHERS_BROKERS", "x");
  bench.load();
  EXPECT_EQ(bench.loaded.untaken, Names{"OTHERS_BROKERS"});
  EXPECT_EQ(bench.loaded.empty, Names{});
  EXPECT_EQ(variables_of(settings, bench.inputs.environment, Meant::for_them),
            (std::vector<std::string>{"OTHERS_BROKER", "others_broker"}));
}

TEST(OtherSettings, fields_that_are_also_set_by_a_variable_take_it) {
  Workbench bench;
  bench.sections.host.watch({.prefixes = {"OTHERS_"}});
  bench.variable("OTHERS_BATCH", "60").variable("OTHERS_NEWEST", "x").variable("OTHERS_OLD", "");
  bench.load();
  EXPECT_EQ(bench.loaded.untaken, Names{"OTHERS_NEWEST"});
  EXPECT_EQ(bench.loaded.empty, Names{"OTHERS_OLD"});
}

TEST(OtherSettings, files_that_hold_some_are_found) {
  Workbench bench;
  const std::string folder = bench.folder.native();
  const auto profiles = bench.write("profiles.toml",
                                    "active = \"a\"\n[profiles.a]\n"
                                    "THEIR_PLACE = \"x=y\"\n# THEIR_COMMENT = 1\nOTHER = 1\n"
                                    "[profiles.b]\n\"THEIR_SCHEMA\" = \"s\"\n");
  const auto dotenv = bench.write(".env", "export THEIR_DOT=1\n\nfoo=THEIR_VALUE=2\nnothing\n");
  const auto toml = bench.write("their.toml",
                                "[server]\nplace.host = 'h'\nplace = {host = 'h'}\n"
                                "[server.place]\nport = 1\n[[x]]\nplace = 1\n[");
  const auto project = bench.write("project.toml",
                                   "[project]\nname = 'x'\n[tool.their.server.place]\nurl = 1\n"
                                   "[tool.theirs.server.place]\nurl = 1\n");
  const std::vector<OtherSettings> watched{
      {.prefixes = {"THEIR_", "SERVER_PLACE"},
       .files = {{.places = {"${UNSET}/x", "${FOLDER}/profiles.toml", "${FOLDER}/.env"}},
                 {.places = {"${FOLDER}/.env"}},
                 {.places = {"${FOLDER}/absent"}},
                 {.places = {"${FOLDER}"}},
                 {.places = {"${FOLDER}/their.toml"}, .prefix = "THEIR_"},
                 {.places = {"${FOLDER}/project.toml"}, .table = "tool.their", .prefix = "X_"}}},
      {.prefixes = {"X_SERVER_PLACE"}}};
  std::vector<std::string> found;
  for (const auto& [path, settings] : find_other_files(watched, {{"FOLDER", folder}})) {
    std::string line = path.substr(folder.size() + 1) + ":";
    for (const std::string& name : settings) line += " " + name;
    found.push_back(line);
  }
  EXPECT_EQ(found,
            (std::vector<std::string>{".env: THEIR_DOT", "profiles.toml: THEIR_PLACE THEIR_SCHEMA",
                                      "project.toml: X_SERVER_PLACE_URL",
                                      "their.toml: THEIR_SERVER_PLACE THEIR_SERVER_PLACE_HOST "
                                      "THEIR_SERVER_PLACE_PORT THEIR_X_PLACE"}));
}

}  // namespace
}  // namespace hangar
