#include "host/nats_context.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "hangar/error.hpp"

namespace hangar {
namespace {

class NatsContextTest : public testing::Test {
 protected:
  NatsContextTest() {
    std::filesystem::create_directories(folder_ / "nats" / "context");
    Fields fields;
    nats_.fields(fields.group("nats", ""));
    Sections sections{fields, {}, {}};
    for (const Entry& entry : entries(sections)) origins_[entry.path] = "default";
    nats_.context = "prod";
  }
  ~NatsContextTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, const std::string& name = "prod") const {
    std::ofstream{folder_ / "nats" / "context" / (name + ".json")} << text;
  }
  void apply() { apply_nats_context(nats_, origins_, environment_); }
  std::string refusal() {
    try {
      apply();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("hangar-context-" + std::to_string(getpid()));
  Environment environment_{{"XDG_CONFIG_HOME", folder_.string()}, {"HOME", "/home/user"}};
  NatsConfig nats_;
  Origins origins_;
};

TEST_F(NatsContextTest, gives_what_nothing_else_sets) {
  write(R"({"description":"x","url":"tls://a:4222,tls://b","user":"u","password":"p",
            "token":"","creds":"","nkey":"","cert":"~/c","key":"$HOME/k","ca":"/ca","nsc":"",
            "jetstream_domain":"hub","jetstream_api_prefix":"","inbox_prefix":"_I",
            "tls_first":true,"color_scheme":"blue","jetstream_event_prefix":"x"})");
  origins_.at("nats.tls.ca_file") = "environment NATS_CA";
  nats_.tls.ca_file = "/other";
  apply();
  EXPECT_EQ(nats_.urls, std::vector<std::string>{"tls://a:4222,tls://b"});
  EXPECT_EQ(nats_.user, "u");
  EXPECT_EQ(nats_.password.reveal(), "p");
  EXPECT_EQ(nats_.domain, "hub");
  EXPECT_EQ(nats_.inbox_prefix, "_I");
  EXPECT_EQ(nats_.tls.cert_file, "/home/user/c");
  EXPECT_EQ(nats_.tls.key_file, "/home/user/k");
  EXPECT_EQ(nats_.tls.ca_file, "/other");
  EXPECT_TRUE(nats_.tls.handshake_first);
  EXPECT_EQ(origins_.at("nats.url"), "NATS context prod");
  EXPECT_EQ(origins_.at("nats.tls.ca_file"), "environment NATS_CA");
  EXPECT_EQ(origins_.at("nats.token"), "default");
}

TEST_F(NatsContextTest, who_connects_is_taken_whole_or_not_at_all) {
  write(R"({"user":"u","password":"p","creds":"/c","jetstream_domain":"hub"})");
  origins_.at("nats.token") = "environment HANGAR_NATS_TOKEN";
  nats_.api_prefix = "JS.x";
  origins_.at("nats.api_prefix") = "flag --set";
  apply();
  EXPECT_EQ(nats_.user, "");
  EXPECT_EQ(nats_.credentials_file, "");
  EXPECT_EQ(nats_.domain, "");
  EXPECT_EQ(nats_.urls, std::vector<std::string>{"nats://127.0.0.1:4222"});
}

TEST_F(NatsContextTest, what_cannot_be_taken_is_refused_by_name) {
  EXPECT_NE(refusal().find("nats context ls"), std::string::npos);
  for (const auto& [text, named] : {std::pair{"", "is not a JSON object"},
                                    {"[]", "is not a JSON object"},
                                    {R"({"nsc":"nsc://o/a/u"})", "`nsc`"},
                                    {R"({"socks_proxy":"x"})", "`socks_proxy`"},
                                    {R"({"url":4222})", "`url`"}}) {
    write(text);
    const std::string said = refusal();
    EXPECT_NE(said.find(named), said.npos) << said;
    EXPECT_TRUE(said.starts_with("nats.context: 'prod'")) << said;
  }
  for (const char* name : {"../prod", "a/b"}) {
    nats_.context = name;
    EXPECT_NE(refusal(), "") << name;
  }
}

TEST_F(NatsContextTest, one_that_is_only_selected_is_told_of_and_not_taken) {
  write(R"({"user":"u"})");
  EXPECT_EQ(selected_nats_context(environment_), "");
  std::ofstream{folder_ / "nats" / "context.txt"} << "prod\n";
  EXPECT_EQ(selected_nats_context(environment_), "prod");
  nats_.context.clear();
  apply();
  EXPECT_EQ(nats_.user, "");
}

}  // namespace
}  // namespace hangar
