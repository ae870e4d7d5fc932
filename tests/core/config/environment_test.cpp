#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "config/render.hpp"
#include "workbench.hpp"

namespace hangar {
namespace {

void expect_what_the_variables_say(const NatsConfig& nats) {
  EXPECT_EQ(nats.urls, (std::vector<std::string>{"nats://a:1", "nats://b:2"}));
  EXPECT_EQ(nats.user, "user");
  EXPECT_EQ(nats.password.reveal(), "password");
  EXPECT_EQ(nats.token.reveal(), "token");
  EXPECT_EQ(nats.credentials_file, "/creds");
  EXPECT_EQ(nats.nkey_seed_file, "/nkey");
  EXPECT_EQ(nats.tls.cert_file, "/cert");
  EXPECT_EQ(nats.tls.key_file, "/key");
  EXPECT_EQ(nats.tls.ca_file, "/ca");
}

TEST(Environment, names_are_paths_in_upper_case) {
  EXPECT_EQ(environment_name("services.task_run_recorder.batch_size"),
            "HANGAR_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE");
  EXPECT_EQ(environment_name("nats.url"), "HANGAR_NATS_URL");
  EXPECT_EQ(environment_name("data_dir"), "HANGAR_DATA_DIR");
  EXPECT_EQ(environment_name("services.two-words.x"), "HANGAR_SERVICES_TWO_WORDS_X");
}

TEST(Environment, every_field_is_reached_by_its_name) {
  Workbench bench;
  for (const auto& [path, field] : entries(bench.sections)) {
    // Wrong for every type but strings, which take it.
    bench.variable(environment_name(path), field->choices.empty() ? "wrong" : field->choices[0]);
  }
  const std::string report = bench.errors();
  for (const auto& [path, field] : entries(bench.sections)) {
    const bool takes_it = std::holds_alternative<std::string*>(field->target) ||
                          std::holds_alternative<Secret*>(field->target) ||
                          std::holds_alternative<Url*>(field->target) ||
                          std::holds_alternative<std::vector<std::string>*>(field->target);
    EXPECT_EQ(report.find(environment_name(path) + ": expected") == std::string::npos, takes_it)
        << path;
  }
}

TEST(Environment, lists_are_separated_by_commas) {
  Workbench bench;
  bench.variable("HANGAR_NATS_URL", "nats://a:1, nats://b:2,")
      .variable("HANGAR_SERVICES_SAMPLE_DELAYS", "1s,2,3m")
      .load();
  EXPECT_EQ(bench.host.nats.urls, (std::vector<std::string>{"nats://a:1", "nats://b:2"}));
  EXPECT_EQ(bench.sample.delays,
            (std::vector{Duration{1'000}, Duration{2'000}, Duration{180'000}}));
}

TEST(Environment, an_empty_variable_counts_as_not_set_whichever_it_is) {
  // Of every field its own name, the name of its file and those of other programs.
  Workbench some;
  std::set<std::string> names;
  for (const auto& [path, field] : entries(some.sections)) {
    names.insert(environment_name(path));
    if (is_confidential(*field)) names.insert(environment_name(path) + "_FILE");
    names.insert(field->other_variables.begin(), field->other_variables.end());
  }
  EXPECT_TRUE(names.contains("HANGAR_NATS_PASSWORD_FILE"));
  EXPECT_TRUE(names.contains("NATS_URL"));
  for (const std::string& name : names) some.variable(name, "");
  some.load();
  EXPECT_EQ(some.loaded.empty, names);
  Workbench none;
  none.load();
  EXPECT_TRUE(none.loaded.empty.empty());
  for (const auto& [path, origin] : some.loaded.origins) {
    EXPECT_TRUE(is_default(origin)) << path << " is from " << origin;
    EXPECT_NE(origin.find(environment_name(path) + " is empty"), std::string::npos) << origin;
    EXPECT_EQ(none.origin(path), "default");
  }
  EXPECT_EQ(render_json(some.sections, {}), render_json(none.sections, {})) << "the same values";
}

TEST(Environment, an_empty_variable_hides_no_weaker_source) {
  Workbench bench;
  bench.file("nats: {user: file}\n").variable("HANGAR_NATS_USER", "").load();
  EXPECT_EQ(bench.host.nats.user, "file");
  EXPECT_EQ(bench.origin("nats.user"), "hangar.yaml:1:14; HANGAR_NATS_USER is empty");
}

TEST(Environment, an_empty_value_of_a_flag_or_a_file_is_one) {
  Workbench bench;
  bench.file("nats: {user: ''}\n")
      .variable("NATS_USER", "weaker")
      .set("admin.listen=")
      .variable("HANGAR_ADMIN_LISTEN", "127.0.0.1:1")
      .load();
  EXPECT_EQ(bench.host.nats.user, "");
  EXPECT_EQ(bench.host.admin.listen, "");
}

TEST(Environment, a_word_of_a_choice_may_be_in_upper_case) {
  Workbench bench;
  bench.variable("HANGAR_LOG_LEVEL", "INFO").set("log.format=Json").load();
  EXPECT_EQ(bench.host.log.level, "info");
  EXPECT_EQ(bench.host.log.format, "json");
}

TEST(Environment, an_expression_outside_of_a_file_is_an_error_that_says_what_to_do) {
  const std::string why =
      ": `${…}` is expanded in a configuration file only: write the value itself here (in a URL a "
      "`$` as %24)";
  const std::string end = "\n1 error in the configuration";
  Workbench flag;
  EXPECT_EQ(flag.set("nats.url=nats://u:${PW}@h").errors(), "--set nats.url" + why + end);
  Workbench variable;
  EXPECT_EQ(variable.variable("HANGAR_DATA_DIR", "${HOME}/x").errors(),
            "HANGAR_DATA_DIR" + why + end);
  Workbench secret;
  EXPECT_EQ(
      secret.variable("HANGAR_NATS_TOKEN", "${file:/run/token}").errors(),
      "HANGAR_NATS_TOKEN" + why + ", or name a file that holds it in HANGAR_NATS_TOKEN_FILE" + end);
}

TEST(Environment, passwords_of_variables_are_not_expanded) {
  Workbench bench;
  bench.variable("HANGAR_NATS_PASSWORD", "${HOME}$$").load();
  EXPECT_EQ(bench.host.nats.password.reveal(), "${HOME}$$");
}

TEST(Environment, secrets_and_urls_may_be_in_files) {
  Workbench bench;
  bench.variable("HANGAR_STORAGE_URL_FILE", bench.write("url", "postgresql://u:p@h/db\n").native())
      .variable("HANGAR_NATS_TOKEN_FILE", bench.write("token", "t\n\n").native())
      .variable("HANGAR_NATS_PASSWORD_FILE", "")
      .load();
  EXPECT_EQ(bench.host.storage.url.value, "postgresql://u:p@h/db");
  EXPECT_EQ(bench.host.nats.token.reveal(), "t");
  EXPECT_EQ(bench.host.nats.password.reveal(), "");
  EXPECT_EQ(bench.origin("storage.url"), "environment HANGAR_STORAGE_URL_FILE");
}

TEST(Environment, a_variable_and_its_file_exclude_each_other) {
  Workbench bench;
  bench.variable("HANGAR_NATS_TOKEN", "t").variable("HANGAR_NATS_TOKEN_FILE", "/nowhere");
  EXPECT_EQ(bench.errors(),
            "HANGAR_NATS_TOKEN and HANGAR_NATS_TOKEN_FILE are both set: unset one\n"
            "1 error in the configuration");
  bench.variable("HANGAR_NATS_TOKEN", "");
  EXPECT_EQ(bench.errors(),
            "HANGAR_NATS_TOKEN_FILE: cannot read '/nowhere': No such file or directory\n"
            "1 error in the configuration");
}

TEST(Environment, other_fields_have_no_file_variable) {
  Workbench bench;
  bench.variable("HANGAR_DATA_DIR_FILE", "/nowhere").load();
  EXPECT_EQ(bench.loaded.warnings.size(), 1U);
}

TEST(Environment, unknown_variables_are_warned_of) {
  Workbench bench;
  bench.variable("HANGAR_NATS_URLL", "x")
      .variable("HANGAR_NOTHING_LIKE_IT", "x")
      .variable("HANGAR_SERVICES_NOBODY_ENABLED", "x")
      .variable("HANGARS", "x")
      .variable("PATH", "x")
      .load();
  EXPECT_EQ(bench.loaded.warnings,
            (std::vector<std::string>{
                "HANGAR_NATS_URLL is no setting of Hangar (did you mean 'HANGAR_NATS_URL'?)",
                "HANGAR_NOTHING_LIKE_IT is no setting of Hangar",
                "HANGAR_SERVICES_NOBODY_ENABLED is no setting of Hangar"}));
}

TEST(Environment, what_kubernetes_and_tests_set_is_no_typing_mistake) {
  Workbench bench;
  for (const std::string name :
       {"HANGAR_SERVICE_HOST", "HANGAR_SERVICE_PORT", "HANGAR_SERVICE_PORT_HTTP", "HANGAR_PORT",
        "HANGAR_PORT_8080_TCP_ADDR", "HANGAR_TEST_NATS_URL", "HANGAR_BIN"}) {
    bench.variable(name, "x");
  }
  EXPECT_TRUE(bench.load().loaded.warnings.empty());
}

TEST(Environment, the_nats_clis_variables_fill_what_nothing_else_sets) {
  Workbench bench;
  bench.variable("NATS_URL", "nats://a:1,nats://b:2")
      .variable("NATS_USER", "user")
      .variable("NATS_PASSWORD", "password")
      .variable("NATS_TOKEN", "token")
      .variable("NATS_CREDS", "/creds")
      .variable("NATS_NKEY", "/nkey")
      .variable("NATS_CERT", "/cert")
      .variable("NATS_KEY", "/key")
      .variable("NATS_CA", "/ca")
      .load();
  expect_what_the_variables_say(bench.host.nats);
  EXPECT_EQ(bench.origin("nats.tls.ca_file"), "environment NATS_CA");
  EXPECT_TRUE(bench.loaded.warnings.empty());
}

TEST(Environment, prefect_nats_variables_win_over_the_nats_clis_and_none_is_ignored_silently) {
  const std::string theirs = "PREFECT_NATS_MESSAGING_";
  Workbench bench;
  bench.variable(theirs + "URL", "nats://a:1,nats://b:2")
      .variable("NATS_URL", "nats://c:3")
      .variable(theirs + "USER", "user")
      .variable(theirs + "PASSWORD", "password")
      .variable(theirs + "TOKEN", "token")
      .variable(theirs + "CREDS", "/creds")
      .variable(theirs + "NKEY_SEED_FILE", "/nkey")
      .variable(theirs + "TLS_CERT", "/cert")
      .variable(theirs + "TLS_KEY", "/key")
      .variable(theirs + "TLS_CA", "/ca")
      .variable(theirs + "REPLICAS", "3")
      .variable(theirs + "CONSUMER_ACK_WAIT", "30")
      .variable(theirs + "STREAM_PREFIX", "ACME")
      .load();
  expect_what_the_variables_say(bench.host.nats);
  EXPECT_EQ(bench.host.nats.replicas, 3);
  EXPECT_EQ(bench.origin("nats.url"), "environment PREFECT_NATS_MESSAGING_URL");
  EXPECT_EQ(bench.loaded.untaken, std::set<std::string>{theirs + "STREAM_PREFIX"});
}

TEST(Environment, others_variables_come_last_and_the_first_of_them_that_is_set_wins) {
  const auto batch_size = [](const auto& prepare) {
    Workbench bench;
    prepare(bench.variable("OTHERS_OLD_BATCH", "60"));
    bench.load();
    return std::pair{bench.sample.batch_size, bench.origin("services.sample.batch_size")};
  };
  using Found = std::pair<std::int64_t, std::string>;
  EXPECT_EQ(batch_size([](Workbench&) {}), (Found{60, "environment OTHERS_OLD_BATCH"}));
  EXPECT_EQ(batch_size([](Workbench& bench) { bench.variable("OTHERS_BATCH", ""); }),
            (Found{60, "environment OTHERS_OLD_BATCH; OTHERS_BATCH is empty"}));
  EXPECT_EQ(batch_size([](Workbench& bench) { bench.variable("OTHERS_BATCH", "70"); }),
            (Found{70, "environment OTHERS_BATCH"}));
  EXPECT_EQ(
      batch_size([](Workbench& bench) { bench.file("services: {sample: {batch_size: 80}}\n"); }),
      (Found{80, "hangar.yaml:1:33"}));
  EXPECT_EQ(batch_size([](Workbench& bench) {
              bench.variable("HANGAR_SERVICES_SAMPLE_BATCH_SIZE", "81");
            }),
            (Found{81, "environment HANGAR_SERVICES_SAMPLE_BATCH_SIZE"}));
}

TEST(Environment, a_small_number_that_was_meant_for_another_program_is_warned_of) {
  Workbench few;
  few.variable("OTHERS_BATCH", "49").load();
  EXPECT_EQ(few.sample.batch_size, 49);
  ASSERT_EQ(few.loaded.warnings.size(), 1U);
  EXPECT_NE(few.loaded.warnings[0].find("OTHERS_BATCH"), std::string::npos);
  EXPECT_NE(few.loaded.warnings[0].find("HANGAR_SERVICES_SAMPLE_BATCH_SIZE"), std::string::npos);
  Workbench enough;
  EXPECT_TRUE(enough.variable("OTHERS_BATCH", "50").load().loaded.warnings.empty());
  Workbench meant;
  meant.variable("HANGAR_SERVICES_SAMPLE_BATCH_SIZE", "1").load();
  EXPECT_TRUE(meant.loaded.warnings.empty()) << "it was meant for this one";
}

TEST(Environment, a_number_that_another_program_may_take_and_hangar_not_is_the_nearest) {
  const auto batch_size = [](const std::string& text) {
    Workbench bench;
    bench.variable("OTHERS_BATCH", text).load();
    return std::pair{bench.sample.batch_size, bench.loaded.warnings};
  };
  using Warnings = std::vector<std::string>;
  EXPECT_EQ(batch_size("10000").second, Warnings{});
  EXPECT_EQ(batch_size("20000"),
            (std::pair{std::int64_t{10'000},
                       Warnings{"OTHERS_BATCH sets services.sample.batch_size to '20000', beyond 1 "
                                "to 10000: the nearest is taken"}}));
  EXPECT_EQ(batch_size("-1").first, 1);
  Workbench words;
  words.variable("OTHERS_BATCH", "many");
  EXPECT_EQ(words.errors(),
            "OTHERS_BATCH: expected an integer, 1 to 10000, found 'many'\n"
            "1 error in the configuration");
  Workbench own;
  own.variable("HANGAR_SERVICES_SAMPLE_BATCH_SIZE", "20000");
  EXPECT_NE(own.errors(), "no error");
}

}  // namespace
}  // namespace hangar
