#include "nats/reconnection.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace hangar {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using enum Reconnection::Happened;

std::vector<Endpoint> named(const std::vector<std::string>& hosts) {
  std::vector<Endpoint> servers;
  for (const std::string& host : hosts) servers.emplace_back().host = host;
  return servers;
}

/// What happens, and what is done then.
struct Row {
  Reconnection::Happened what;
  std::string why{};
  milliseconds at{};
  std::string server{};
  milliseconds after{};  ///< At most, and at least half of it.
  std::string line{};
};

struct Story {
  const char* name;
  std::vector<std::string> told_of;  ///< By the only server of the configuration, which is `a`.
  std::vector<Row> rows;
};

const std::vector<Story> stories{
    {"a first connection is not worth a line", {}, {{started, "", 0ms, "a"}, {connected}}},
    {"what fails is tried more and more seldom, and told twice in a minute",
     {},
     {{started, "", 0ms, "a"},
      {failed, "refused", 0ms, "a", 250ms, "refused"},
      {failed, "refused", 1s, "a", 500ms},
      {failed, "refused", 2s, "a", 1s},
      {failed, "refused", 4s, "a", 2s},
      {failed, "refused", 8s, "a", 4s},
      {failed, "refused", 13s, "a", 5s},
      {failed, "refused", 29s, "a", 5s},
      {failed, "refused", 30s, "a", 5s, "refused"},
      {failed, "timeout", 31s, "a", 5s, "timeout"},
      {connected, "", 36s, "", 0ms, "NATS: connected"}}},
    {"a connection that is lost is sought again at once, and its end and the next one are told",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {lost, "closed", 1s, "a", 0ms, "NATS: connection lost: closed"},
      {failed, "refused", 1s, "a", 250ms, "refused"},
      {connected, "", 2s, "", 0ms, "NATS: connected"},
      {lost, "closed", 3s, "a", 0ms, "NATS: connection lost: closed"},
      {connected, "", 4s, "", 0ms, "NATS: connected"}}},
    {"what a server refuses is told, and nothing is tried",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {trouble, "no permission", 0ms, "", 0ms, "no permission"},
      {trouble, "no permission", 1s}}},
    {"acks that are refused are one thing, and calls that are refused are several",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {trouble, R"(Permissions Violation for Publish to "$JS.ACK.S.d.1.1")", 0ms, "", 0ms,
       R"(Permissions Violation for Publish to "$JS.ACK.S.d.1.1")"},
      {trouble, R"(Permissions Violation for Publish to "$JS.ACK.S.d.1.25")", 1ms},
      {trouble, R"(Permissions Violation for Publish to "$JS.API.INFO")", 2ms, "", 0ms,
       R"(Permissions Violation for Publish to "$JS.API.INFO")"}}},
    {"a server that hangs up at once is tried more and more seldom, and told twice in a minute",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {trouble, "too many subscriptions", 0ms, "", 0ms, "too many subscriptions"},
      {lost, "too many", 1ms, "a", 250ms, "NATS: connection lost: too many"},
      {connected, "", 250ms, "", 0ms, "NATS: connected"},
      {trouble, "too many subscriptions", 250ms},
      {lost, "too many", 251ms, "a", 500ms},
      {connected, "", 751ms},
      {lost, "too many", 752ms, "a", 1s},
      {connected, "", 2s},
      {lost, "too many", 2s, "a", 2s},
      {connected, "", 4s},
      {lost, "too many", 4s, "a", 4s},
      {connected, "", 31s},
      {lost, "too many", 31s, "a", 5s, "NATS: connection lost: too many"},
      {connected, "", 36s, "", 0ms, "NATS: connected"},
      {lost, "closed", 37s, "a", 0ms, "NATS: connection lost: closed"}}},
    {"after brief connections that end for different reasons the last word is that it is connected",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {lost, "too many", 1ms, "a", 250ms, "NATS: connection lost: too many"},
      {connected, "", 250ms, "", 0ms, "NATS: connected"},
      {lost, "closed", 251ms, "a", 500ms, "NATS: connection lost: closed"},
      {failed, "refused", 750ms, "a", 1s, "refused"},
      {connected, "", 2s, "", 0ms, "NATS: connected"},
      {lost, "closed", 2001ms, "a", 2s},
      {connected, "", 4s}}},
    {"a password is not told",
     {},
     {{started, "", 0ms, "a"},
      {failed, "nats://me:secret@a: refused", 0ms, "a", 250ms, "nats://me:********@a: refused"}}},
    {"every server is tried before there is a pause",
     {"b", "c"},
     {{lost, "closed", 0ms, "b", 0ms, "NATS: connection lost: closed"},
      {failed, "refused", 0ms, "c", 0ms, "refused"},
      {failed, "refused", 0ms, "a"},
      {failed, "refused", 0ms, "b", 250ms},
      {connected, "", 0ms, "", 0ms, "NATS: connected"},
      {lost, "closed", 0ms, "c", 0ms, "NATS: connection lost: closed"}}},
    {"the server that gave no service is tried when the others have failed",
     {"b"},
     {{left, "silent", 0ms, "b", 0ms, "NATS: nats://a:4222 is left for another server: silent"},
      {failed, "refused", 0ms, "b", 250ms, "refused"},
      {failed, "refused", 0ms, "a"},
      {connected, "", 0ms, "", 0ms, "NATS: connected"}}},
    {"a server that is the only one is tried again after a pause, though it gave no service",
     {},
     {{started, "", 0ms, "a"},
      {connected},
      {left, "silent", 0ms, "a", 250ms, "NATS: nats://a:4222 is left for another server: silent"}}},
};

TEST(ReconnectionTest, each_story_goes_its_way) {
  for (const Story& story : stories) {
    SCOPED_TRACE(story.name);
    Reconnection tested{named({"a"}), 1};
    if (!story.told_of.empty()) {
      tested.step(started, "", {});
      tested.step(connected, "", {});
      EXPECT_TRUE(tested.learn(story.told_of).empty());
    }
    for (std::size_t i = 0; i < story.rows.size(); ++i) {
      SCOPED_TRACE(i);
      const Row& row = story.rows[i];
      const Reconnection::Step step =
          tested.step(row.what, row.why, Reconnection::Time{} + 1h + row.at);
      EXPECT_EQ(step.server != nullptr ? step.server->host : "", row.server);
      EXPECT_LE(step.after, row.after);
      EXPECT_GE(step.after, row.after / 2);
      EXPECT_EQ(step.line, row.line);
    }
  }
}

TEST(ReconnectionTest, while_connected_the_last_word_is_never_that_it_is_not) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::minstd_rand random{seed};
    const auto below = [&](std::uint32_t n) { return static_cast<int>(random() % n); };
    Reconnection tested{named({"a", "b"}), seed};
    Reconnection::Time now{};
    std::string last;
    const auto happens = [&](Reconnection::Happened what, const std::string& why) {
      now += milliseconds{1 << below(16)};
      const std::string line = tested.step(what, why, now).line;
      if (!line.empty()) last = line;
    };
    happens(started, "");
    for (int i = 0; i < 100; ++i) {
      for (int tries = below(3); tries > 0; --tries) happens(failed, "refused");
      happens(connected, "");
      EXPECT_TRUE(last.empty() || last == "NATS: connected") << last;
      happens(below(4) == 0 ? left : lost, std::to_string(below(3)));
    }
  }
}

TEST(ReconnectionTest, clients_of_a_cluster_begin_with_different_servers) {
  std::set<std::string> first;
  for (std::uint32_t i = 1; i < 30; ++i) {
    Reconnection tested{named({"a", "b", "c"}), i * 70'000'000};
    first.insert(tested.step(started, "", {}).server->host);
  }
  EXPECT_EQ(first.size(), 3U);
}

TEST(ReconnectionTest, servers_that_are_told_of_replace_those_before_and_are_64_at_most) {
  Reconnection tested{named({"a"}), 1};
  tested.step(started, "", {});
  tested.step(connected, "", {});
  EXPECT_TRUE(tested.learn({"nats://b:4222", "nats://a:4222", "nats://b:4222"}).empty());
  EXPECT_EQ(tested.servers(), 2U);
  EXPECT_EQ(tested.learn({"nats://c:none"}).size(), 1U);
  EXPECT_EQ(tested.servers(), 1U);
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("nats://s" + std::to_string(i) + ":4222");
  tested.learn(many);
  EXPECT_EQ(tested.servers(), 65U);
}

}  // namespace
}  // namespace hangar
