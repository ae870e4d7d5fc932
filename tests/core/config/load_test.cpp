#include "config/load.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "config/problems.hpp"
#include "workbench.hpp"

namespace hangar {
namespace {

std::string one_error(std::string_view what) {
  return fmt::format("{}\n1 error in the configuration", what);
}

TEST(Load, every_type_is_read_from_a_file) {
  Workbench bench;
  bench.file(R"(version: 1
x-note: [anything, {at: all}]
data_dir: /data
drain_timeout: 10
nats:
  url: [nats://a:1, nats://b:2]
  password: 0123
  replicas: 3
  credit_bytes: 64MiB
  tls: {required: true}
storage:
  url: postgresql://u:p@h/db
services:
  sample:
    enabled: false
    batch_size: 500
    flush_interval: 0.02
    delays: [1s, 2m, 3]
    format: json
)");
  bench.load();
  EXPECT_EQ(bench.host.data_dir, "/data");
  EXPECT_EQ(bench.host.drain_timeout, Duration{10'000});
  EXPECT_EQ(bench.host.nats.urls, (std::vector<std::string>{"nats://a:1", "nats://b:2"}));
  EXPECT_EQ(bench.host.nats.password.reveal(), "0123");
  EXPECT_EQ(bench.host.nats.replicas, 3);
  EXPECT_EQ(bench.host.nats.credit_bytes, ByteSize{64U << 20U});
  EXPECT_TRUE(bench.host.nats.tls.required);
  EXPECT_EQ(bench.host.storage.url.value, "postgresql://u:p@h/db");
  EXPECT_FALSE(bench.sample.enabled);
  EXPECT_EQ(bench.sample.batch_size, 500);
  EXPECT_EQ(bench.sample.flush_interval, Duration{20});
  EXPECT_EQ(bench.sample.delays,
            (std::vector{Duration{1'000}, Duration{120'000}, Duration{3'000}}));
  EXPECT_EQ(bench.sample.format, "json");
  EXPECT_TRUE(bench.plain.enabled);
  EXPECT_EQ(bench.origin("services.sample.batch_size"), "hangar.yaml:16:17");
  EXPECT_EQ(bench.origin("services.plain.batch_size"), "default");
  EXPECT_EQ(bench.loaded.origins.size(), entries(bench.sections).size());
}

TEST(Load, nothing_given_is_every_default) {
  Workbench bench;
  bench.file("").file("nats:\nservices:\n  sample:\n", "groups.yaml").load();
  EXPECT_EQ(bench.host.nats.urls, HostConfig{}.nats.urls);
  EXPECT_EQ(bench.sample.delays, SampleConfig{}.delays);
  for (const auto& [path, origin] : bench.loaded.origins) EXPECT_EQ(origin, "default") << path;
}

TEST(Load, a_single_value_is_a_list_of_one) {
  Workbench bench;
  bench.file("nats: {url: 'nats://a:1,nats://b:2'}\n").load();
  EXPECT_EQ(bench.host.nats.urls, std::vector<std::string>{"nats://a:1,nats://b:2"});
}

TEST(Load, a_list_may_be_empty) {
  Workbench bench;
  bench.file("services: {sample: {delays: []}}\n").load();
  EXPECT_EQ(bench.sample.delays, std::vector<Duration>{});
}

TEST(Load, each_mistake_is_named_where_it_is) {
  const std::string service = "services:\n  sample:\n    ";
  const std::pair<std::string, std::string> cases[] = {
      {service + "bach_size: 1",
       "hangar.yaml:3:5: unknown key 'bach_size' in services.sample (did you mean 'batch_size'?)"},
      {service + "nothing_like_it: 1",
       "hangar.yaml:3:5: unknown key 'nothing_like_it' in services.sample"},
      {"natz: {}", "hangar.yaml:1:1: unknown key 'natz' (did you mean 'nats'?)"},
      {"servics: {}", "hangar.yaml:1:1: unknown key 'servics' (did you mean 'services'?)"},
      {"nats: {tls: {ca_fle: x}}",
       "hangar.yaml:1:14: unknown key 'ca_fle' in nats.tls (did you mean 'ca_file'?)"},
      {"services:\n  sampel: {}",
       "hangar.yaml:2:3: no plugin found for 'sampel' in services (did you mean 'sample'?); found: "
       "plain, sample"},
      {"nats: {x-note: 1}", "hangar.yaml:1:8: unknown key 'x-note' in nats"},
      {"version: 2", "hangar.yaml:1:10: version: expected 1, the only version there is"},
      {service + "batch_size: 0",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found '0'"},
      {service + "batch_size: 010",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found "
       "'010'"},
      {service + "batch_size: 0x10",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found "
       "'0x10'"},
      {service + "batch_size: 1_000",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found "
       "'1_000'"},
      {service + "batch_size: '5'",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found the "
       "string '5': remove the quotes"},
      {service + "batch_size: [5]",
       "hangar.yaml:3:17: services.sample.batch_size: expected an integer, 1 to 10000, found a "
       "list"},
      {service + "batch_size:",
       "hangar.yaml:3:5: services.sample.batch_size: expected an integer, 1 to 10000, found "
       "nothing"},
      {service + "enabled: yes",
       "hangar.yaml:3:14: services.sample.enabled: expected true or false, found 'yes'"},
      {service + "format: xml",
       "hangar.yaml:3:13: services.sample.format: expected one of text, json, found 'xml'"},
      {service + "buffer: 5",
       "hangar.yaml:3:13: services.sample.buffer: expected a size (64MiB, 8MB or bytes), 1KiB to "
       "1GiB, found '5'"},
      {service + "delays: [1s, soon]",
       "hangar.yaml:3:18: services.sample.delays: expected a duration (500ms, 5s, 2m, 24h or "
       "seconds), 0s to 1h, found 'soon'"},
      {service + "delays: [1s, [2s]]",
       "hangar.yaml:3:18: services.sample.delays: expected a duration (500ms, 5s, 2m, 24h or "
       "seconds), 0s to 1h, found a list"},
      {"nats: here", "hangar.yaml:1:7: nats: expected a map of settings, found a single value"},
      {"[a]", "hangar.yaml:1:1: the configuration: expected a map of settings, found a list"},
      {"nats: {user: '${UNSET}'}",
       "hangar.yaml:1:14: nats.user: environment variable UNSET is not set"},
      {"nats: {user: a, user: b}", "hangar.yaml:1:17: duplicate key 'user'"},
  };
  for (const auto& [text, error] : cases) {
    Workbench bench;
    EXPECT_EQ(bench.file(text).errors(), one_error(error)) << text;
  }
}

TEST(Load, all_mistakes_are_reported_at_once_in_order) {
  Workbench bench;
  bench
      .file(
          "services:\n  sample: {batch_size: 0}\n  nobody: {}\nnats: {\n  usr: a,\n  replicas: "
          "x}\n",
          "b.yaml")
      .file("nats: {user: '${UNSET}'}\nnats: {}\n", "a.yaml")
      .variable("HANGAR_LOG_LEVEL", "loud")
      .set("nope");
  bench.inputs.files.push_back("/nowhere.yaml");
  EXPECT_EQ(bench.errors(),
            "a.yaml:1:14: nats.user: environment variable UNSET is not set\n"
            "a.yaml:2:1: duplicate key 'nats'\n"
            "b.yaml:2:24: services.sample.batch_size: expected an integer, 1 to 10000, found '0'\n"
            "b.yaml:3:3: no plugin found for 'nobody' in services; found: plain, sample\n"
            "b.yaml:5:3: unknown key 'usr' in nats (did you mean 'user'?)\n"
            "b.yaml:6:13: nats.replicas: expected an integer, 1 to 5, found 'x'\n"
            "--set: expected PATH=VALUE, for example nats.url=nats://127.0.0.1:4222\n"
            "HANGAR_LOG_LEVEL: expected one of trace, debug, info, warning, error, found 'loud'\n"
            "cannot read '/nowhere.yaml': No such file or directory\n"
            "9 errors in the configuration");
}

TEST(Load, lines_sort_as_numbers_and_stop_at_a_hundred) {
  std::string text;
  for (int line = 1; line <= 150; ++line) text += fmt::format("k{}: 1\n", line);
  Workbench bench;
  const std::string report = bench.file(text).errors();
  EXPECT_LT(report.find("hangar.yaml:9:1"), report.find("hangar.yaml:10:1"));
  EXPECT_NE(report.find("hangar.yaml:100:1"), std::string::npos);
  EXPECT_EQ(report.find("hangar.yaml:101:1"), std::string::npos);
  EXPECT_TRUE(report.ends_with("… 50 more\n150 errors in the configuration"));
}

TEST(Load, a_failed_load_changes_nothing) {
  Workbench bench;
  bench.file("nats: {user: a}\nservices: {sample: {batch_size: 5, format: xml}}\n");
  EXPECT_THROW(bench.load(), ConfigError);
  EXPECT_EQ(bench.host.nats.user, "");
  EXPECT_EQ(bench.sample.batch_size, SampleConfig{}.batch_size);
}

TEST(Load, the_type_is_read_after_expansion) {
  Workbench bench;
  bench.variable("SIZE", "7").variable("ON", "false").file(R"(
services:
  sample: {batch_size: "${SIZE}", enabled: "${ON}", flush_interval: "${NONE:-5}ms"}
)");
  bench.load();
  EXPECT_EQ(bench.sample.batch_size, 7);
  EXPECT_FALSE(bench.sample.enabled);
  EXPECT_EQ(bench.sample.flush_interval, Duration{5});
}

TEST(Load, expansion_adds_no_structure) {
  Workbench bench;
  bench.variable("EVIL", "a', password: 'b").file("nats: {user: '${EVIL}'}\n").load();
  EXPECT_EQ(bench.host.nats.user, "a', password: 'b");
  EXPECT_TRUE(bench.host.nats.password.empty());
}

TEST(Load, line_ends_after_a_value_are_dropped_and_other_control_characters_refused) {
  Workbench bench;
  bench.variable("HANGAR_NATS_PASSWORD", "s3cret\r\n")
      .variable("HANGAR_STORAGE_URL", "postgresql://u:p@h/db\n")
      .variable("HANGAR_DRAIN_TIMEOUT", "5s\n")
      .file("nats: {user: \"me\\r\\n\"}\n")
      .load();
  EXPECT_EQ(bench.host.nats.password.reveal(), "s3cret");
  EXPECT_EQ(bench.host.storage.url.value, "postgresql://u:p@h/db");
  EXPECT_EQ(bench.host.nats.user, "me");
  bench.variable("HANGAR_NATS_PASSWORD", "s3\ncret").variable("PART", "p\r");
  bench.variable("HANGAR_STORAGE_URL_FILE", bench.write("url", "postgresql://u:p\r\n@h").native());
  bench.inputs.environment.erase("HANGAR_STORAGE_URL");
  bench.file("nats: {url: 'nats://u:${PART}@h'}\n", "more.yaml");
  EXPECT_EQ(bench.errors(),
            "more.yaml:1:13: nats.url: holds a control character (0x0d at byte 11): remove it\n"
            "HANGAR_NATS_PASSWORD: holds a control character (0x0a at byte 3): remove it\n"
            "HANGAR_STORAGE_URL_FILE: 'url' holds a control character (0x0d at byte 17): remove "
            "it\n3 errors in the configuration");
}

TEST(Load, files_that_cannot_be_read_are_named) {
  Workbench bench;
  std::filesystem::create_directories(bench.folder / "empty");
  bench.inputs.files = {bench.folder / "none.yaml", bench.folder / "empty",
                        bench.write("large.yaml", std::string((256U << 10U) + 1, '#')),
                        "/dev/zero"};
  EXPECT_EQ(bench.errors(),
            "'large.yaml' is longer than the 256 KiB that are read\n"
            "cannot read '/dev/zero': not a regular file\n"
            "cannot read 'none.yaml': No such file or directory\n"
            "no *.yaml in the folder 'empty'\n4 errors in the configuration");
}

TEST(Load, flags_reach_every_setting_and_no_other) {
  Workbench bench;
  bench.set("services.sample.delays=1s, 2s,").set("nats.tls.required=1").load();
  EXPECT_EQ(bench.sample.delays, (std::vector{Duration{1'000}, Duration{2'000}}));
  EXPECT_TRUE(bench.host.nats.tls.required);
  EXPECT_EQ(bench.origin("services.sample.delays"), "flag --set");
  bench.inputs.sets = {"services.sample.batch_sizes=1", "nats=1", "=1", "nats.replicas=6"};
  EXPECT_EQ(bench.errors(),
            "--set nats.replicas: expected an integer, 1 to 5, found '6'\n"
            "--set: expected PATH=VALUE, for example nats.url=nats://127.0.0.1:4222\n"
            "--set: unknown key 'nats'\n"
            "--set: unknown key 'services.sample.batch_sizes' (did you mean "
            "'services.sample.batch_size'?)\n4 errors in the configuration");
}

TEST(Load, no_error_tells_a_secret) {
  Workbench bench;
  const std::string secret = "hunter2";
  bench.variable("PW", secret)
      .variable("HANGAR_STORAGE_URLL", secret)
      .variable("HANGAR_NATS_PASSWORD", secret)
      .variable("HANGAR_NATS_PASSWORD_FILE", bench.write("pw", secret).native())
      .file("nats: {replicas: '${PW}', token: [" + secret + "], password: {a: " + secret + "}}\n" +
                "storage: {url: [" + secret + "], type: [" + secret + "]}\n",
            "a.yaml")
      .file("services: {sample: {batch_size: '${UNSET:-" + secret + "}', format: '${PW}'}}\n",
            "b.yaml")
      .file("postgresql://u:" + secret + "@h/db: 1\nlog: {level: 'nats://u:" + secret + "@h'}\n",
            "c.yaml")
      .set("nats.passwrd=" + secret)
      .set(secret)
      .set("log.format=password=" + secret);
  const std::string report = bench.errors();
  EXPECT_TRUE(report.ends_with("13 errors in the configuration")) << report;
  EXPECT_EQ(report.find(secret), std::string::npos) << report;
}

TEST(Load, a_quoted_text_and_a_whole_line_are_masked) {
  EXPECT_EQ(in_quotes("nats://user:hunt'er2@host"), "'nats://user:********@host'");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "ä"), "'" + std::string(59, 'x') + "…'");
  Workbench bench;
  bench.file("nats: {user: '${UNSET:?for example nats://user:hunter2@host}'}\n");
  EXPECT_EQ(bench.errors(),
            "hangar.yaml:1:14: nats.user: environment variable UNSET is not set: for example "
            "nats://user:********@host\n1 error in the configuration");
}

TEST(Load, settings_of_a_refused_service_are_no_error) {
  Workbench bench;
  bench.sections.refused = {"broken"};
  bench.file("services: {broken: {what: ever}, sample: {batch_size: 3}}\n")
      .variable("HANGAR_SERVICES_BROKEN_WHAT", "ever")
      .set("services.broken.what=ever")
      .load();
  EXPECT_EQ(bench.sample.batch_size, 3);
  EXPECT_TRUE(bench.loaded.warnings.empty());
}

TEST(Load, the_folders_of_plugins_are_known_before_the_services) {
  Workbench bench;
  EXPECT_EQ(peek(bench.sections, "plugins.path", bench.inputs), std::nullopt);
  bench.file("plugins: {path: ['${DIR}']}\nservices: {unknown: 1}\nnats: wrong\n")
      .variable("DIR", "/plugins");
  EXPECT_EQ(peek(bench.sections, "plugins.path", bench.inputs),
            Value{std::vector<std::string>{"/plugins"}});
  bench.set("plugins.path=/a,/b");
  EXPECT_EQ(peek(bench.sections, "plugins.path", bench.inputs),
            (Value{std::vector<std::string>{"/a", "/b"}}));
  EXPECT_TRUE(bench.host.plugins.path.empty());
}

TEST(Load, a_secret_can_be_read_again_after_its_file_was_replaced) {
  Workbench bench;
  const auto url = [&] { return peek(bench.sections, "storage.url", bench.inputs); };
  const auto file = bench.write("secret", "first\n");
  bench.file("storage: {url: 'postgresql://${file:" + file.string() + "}@db/prefect'}\n");
  EXPECT_EQ(url(), Value{Url{"postgresql://first@db/prefect"}});
  bench.write("secret", "second\n");
  EXPECT_EQ(url(), Value{Url{"postgresql://second@db/prefect"}});
  std::filesystem::remove(file);
  EXPECT_EQ(url(), std::nullopt);
}

}  // namespace
}  // namespace hangar
