#include "config/render.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <regex>
#include <string>

#include "workbench.hpp"

namespace hangar {
namespace {

namespace json = boost::json;

constexpr std::string_view secret = "hunter2";

/// Every value unlike its default, with texts that YAML could misread.
void fill(Workbench& bench) {
  bench
      .file(R"(
data_dir: "/a b: #$${x}$$\"y\\\n"
drain_timeout: 1500ms
nats:
  url: ["nats://u:hunter2@a:1", "nats://hunter2@b:2", "c,d"]
  user: "yes"
  password: hunter2
  token: "${PW}"
  replicas: 3
  max_age: 0
  credit_bytes: 9MB
  tls: {required: true, ca_file: "010"}
storage: {type: "~", url: "postgresql://u:hunter2@h/db?sslpassword=hunter2"}
plugins: {path: [/a, "b c"]}
log: {level: debug, format: json}
services:
  sample: {enabled: false, durable: "- x", batch_size: 7, flush_interval: 0.02, delays: [1s, 2m]}
  plain: {stream: "null"}
)")
      .variable("PW", std::string{secret})
      .variable("HANGAR_NATS_USER", "true");
  bench.load();
}

std::string shown(const Workbench& bench) {
  return render_show(bench.sections, bench.loaded.origins);
}

TEST(Render, nothing_shows_a_secret) {
  Workbench bench;
  fill(bench);
  for (const std::string& text : {shown(bench), render_json(bench.sections, bench.loaded.origins),
                                  render_example(bench.sections), render_schema(bench.sections),
                                  render_table(bench.sections)}) {
    EXPECT_GT(text.size(), 1'000U);
    EXPECT_EQ(text.find(secret), std::string::npos) << text;
  }
}

TEST(Render, no_form_of_a_url_shows_its_password) {
  for (const std::string form : {"us:a/pw@h:4222", "nats:/us:pw@h", "postgresql+asyncpg//us:pw@h/x",
                                 "us:pw@h/x", "host=db user=u password='p pw'"}) {
    Workbench bench;
    bench.variable("HANGAR_NATS_URL", form).variable("HANGAR_STORAGE_URL", form).load();
    for (const std::string& text :
         {shown(bench), render_json(bench.sections, bench.loaded.origins)}) {
      EXPECT_EQ(text.find("pw"), std::string::npos) << text;
    }
  }
}

TEST(Render, show_has_each_value_with_its_origin) {
  Workbench bench;
  fill(bench);
  const std::string text = shown(bench);
  const std::string file = bench.inputs.files[0].native();
  const std::string lines[] = {
      "drain_timeout: 1500ms  # " + file + ":3:16\n",
      "nats:\n  url: [\"nats://u:********@a:1\", ",
      "  user: \"true\"  # environment HANGAR_NATS_USER\n",
      "  password: \"********\"  # " + file + ":7:13\n",
      "  nkey_seed_file: \"\"  # default\n",
      "  credit_bytes: 9MB  # " + file,
      "services:\n  plain:\n    enabled: true  # default\n    stream: \"null\"  # " + file};
  for (const std::string& line : lines) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(Render, what_is_shown_loads_as_the_same) {
  Workbench first;
  fill(first);
  Workbench second;
  second.file(shown(first)).load();
  EXPECT_EQ(second.host.data_dir, first.host.data_dir);
  EXPECT_EQ(second.host.nats.user, "true");
  const std::regex comments{"  # .*"};
  EXPECT_EQ(std::regex_replace(shown(second), comments, ""),
            std::regex_replace(shown(first), comments, ""));
}

TEST(Render, json_has_each_value_with_its_origin) {
  Workbench bench;
  fill(bench);
  const json::value all = json::parse(render_json(bench.sections, bench.loaded.origins));
  EXPECT_EQ(all.as_object().size(), entries(bench.sections).size());
  const auto value = [&](json::string_view path) { return all.at(path).at("value"); };
  EXPECT_EQ(value("drain_timeout"), json::value(1.5));
  EXPECT_EQ(value("services.sample.flush_interval"), json::value(0.02));
  EXPECT_EQ(value("services.sample.delays"), (json::array{1, 120}));
  EXPECT_EQ(value("nats.credit_bytes"), json::value(9'000'000));
  EXPECT_EQ(value("nats.tls.required"), json::value(true));
  EXPECT_EQ(value("nats.password"), json::value("********"));
  EXPECT_EQ(value("nats.nkey_seed_file"), json::value(""));
  EXPECT_EQ(all.at("nats.user").at("origin"), json::value("environment HANGAR_NATS_USER"));
  EXPECT_EQ(all.at("nats.server_binary").at("origin"), json::value("default"));
}

TEST(Render, the_example_changes_nothing) {
  Workbench bench;
  const std::string example = render_example(bench.sections);
  EXPECT_TRUE(example.starts_with("# yaml-language-server: $schema=hangar.schema.json\n"));
  bench.file(example).load();
  for (const auto& [path, origin] : bench.loaded.origins) EXPECT_EQ(origin, "default") << path;
}

TEST(Render, the_example_without_its_hashes_sets_every_key_to_its_default) {
  Workbench untouched;
  Workbench bench;
  const std::string example = render_example(bench.sections);
  bench.file(std::regex_replace(example, std::regex{"(^|\n)( *)#([a-z])"}, "$1$2$3")).load();
  for (const auto& [path, origin] : bench.loaded.origins) EXPECT_NE(origin, "default") << path;
  EXPECT_EQ(render_table(bench.sections), render_table(untouched.sections));
  EXPECT_EQ(bench.host.nats.max_age, HostConfig{}.nats.max_age);
}

TEST(Render, example_lines_are_at_most_a_hundred_wide) {
  Workbench bench;
  const std::string example = render_example(bench.sections);
  EXPECT_FALSE(std::regex_search(example, std::regex{"[^\n]{110}"})) << example;
}

TEST(Render, the_schema_has_every_key_and_no_other) {
  Workbench bench;
  const json::value schema = json::parse(render_schema(bench.sections));
  EXPECT_EQ(schema.at("$schema"), json::value("http://json-schema.org/draft-07/schema#"));
  EXPECT_EQ(schema.at("additionalProperties"), json::value(false));
  EXPECT_TRUE(schema.at("patternProperties").as_object().contains("^x-"));
  for (const auto& [path, field] : entries(bench.sections)) {
    std::string pointer = "/properties/";
    for (const char character : path) {
      pointer += character == '.' ? std::string{"/properties/"} : std::string(1, character);
    }
    const json::value& found = schema.at_pointer(pointer);
    EXPECT_EQ(found.at("description"), json::value(field->help)) << path;
    EXPECT_TRUE(found.as_object().contains("default")) << path;
    const std::string parent = pointer.substr(0, pointer.rfind("/properties/"));
    EXPECT_EQ(schema.at_pointer(parent).at("additionalProperties"), json::value(false)) << path;
  }
}

TEST(Render, the_schema_knows_types_ranges_and_choices) {
  Workbench bench;
  const json::value schema = json::parse(render_schema(bench.sections));
  const json::value& sample =
      schema.at_pointer("/properties/services/properties/sample/properties");
  const auto any = [&](json::string_view key) { return sample.at(key).at("anyOf"); };
  const json::value expression = json::object{{"$ref", "#/definitions/expression"}};
  EXPECT_EQ(any("batch_size"),
            (json::array{json::object{{"type", "integer"}, {"minimum", 1}, {"maximum", 10'000}},
                         expression}));
  EXPECT_EQ(any("enabled"), (json::array{json::object{{"type", "boolean"}}, expression}));
  EXPECT_EQ(any("format"),
            (json::array{json::object{{"enum", json::array{"text", "json"}}}, expression}));
  EXPECT_EQ(any("flush_interval").at(0),
            (json::object{{"type", "number"}, {"minimum", 0}, {"maximum", 60}}));
  EXPECT_EQ(any("delays").at(3).at("type"), json::value("array"));
  EXPECT_EQ(any("delays").at(3).at("items").at("anyOf").as_array().size(), 3U);
}

TEST(Render, the_table_has_a_row_for_each_key) {
  Workbench bench;
  const std::string table = render_table(bench.sections);
  for (const std::string& row :
       {std::string{"| `nats.url` | `HANGAR_NATS_URL`, `PREFECT_NATS_MESSAGING_URL`, `NATS_URL` | "
                    "`[embedded]` | "},
        std::string{
            "| `services.sample.batch_size` | `HANGAR_SERVICES_SAMPLE_BATCH_SIZE`, `OTHERS_BATCH`, "
            "`OTHERS_OLD_BATCH` | `1000` | The most messages that are handled together (1 to "
            "10000) |\n"},
        std::string{"| How \\| it looks (text, json) |\n"}}) {
    EXPECT_NE(table.find(row), std::string::npos) << row << table;
  }
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(table, '\n')),
            entries(bench.sections).size() + 2);
}

}  // namespace
}  // namespace hangar
