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
  database.settings.blocks = {{"THEIR_BLOCK"}, {"THEIRS", "place"}};
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
            (std::vector<std::string>{"OTHERS_BROKER"}))
      << "in upper case it speaks for both";
}

std::string refusal(Workbench& bench) {
  try {
    named(bench);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(OtherSettings, a_block_of_their_database_is_refused_by_name_unless_hangar_has_its_own) {
  for (const auto& [name, refused] : {std::pair{"THEIR_BLOCK", true}, std::pair{"THEIRS", true},
                                      std::pair{"THEIRS_ELSE", false}}) {
    Workbench bench;
    bench.variable("THEIR_PLACE", "there").variable(name, R"({"Place": "sekret"})");
    const std::string said = refusal(bench);
    EXPECT_EQ(said.starts_with(std::string{name} + " holds many settings as JSON"), refused)
        << said;
    EXPECT_EQ(said.find("sekret"), std::string::npos);
    Workbench own;
    own.set("storage.url=own").variable(name, R"({"Place": "sekret"})");
    EXPECT_EQ(named(own).untaken, refused ? Names{name} : Names{});
  }
  Workbench other;
  other.variable("THEIRS", R"({"people": 1})").variable("THEIR_BLOCK", "");
  EXPECT_EQ(refusal(other), "no error");
}

TEST(OtherSettings, a_block_is_refused_unless_each_field_that_it_may_set_has_its_own_value) {
  const auto with = [](Workbench& bench) -> Workbench& {
    bench.sections.host.watch({.prefixes = {"OTHERS_"}, .blocks = {{"OTHERS", "batch"}}});
    return bench.variable("OTHERS", R"({"BATCH": "sekret"})");
  };
  const std::string report =
      "OTHERS holds many settings as JSON, which Hangar does not read: set the variable of each "
      "setting instead, OTHERS_..., or services.sample.batch_size\n1 error in the configuration";
  Workbench none;
  EXPECT_EQ(with(none).errors(), report);
  Workbench theirs;
  EXPECT_EQ(with(theirs).variable("OTHERS_BATCH", "60").errors(), report)
      << "their own program lets the block win";
  Workbench own;
  with(own).set("services.sample.batch_size=60").load();
  EXPECT_EQ(own.loaded.untaken, Names{"OTHERS"});
}

TEST(OtherSettings, names_in_any_case_are_those_in_upper_case_which_win) {
  EXPECT_EQ(with_upper_case({{"their_a", "1"},
                             {"Their_B", "2"},
                             {"THEIR_B", "3"},
                             {"their_c", "4"},
                             {"THEIR_C", ""},
                             {"their_d", ""},
                             {"other", "5"}},
                            "THEIR_"),
            (Environment{{"their_a", "1"},
                         {"THEIR_A", "1"},
                         {"Their_B", "2"},
                         {"THEIR_B", "3"},
                         {"their_c", "4"},
                         {"THEIR_C", "4"},
                         {"their_d", ""},
                         {"other", "5"}}));
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
