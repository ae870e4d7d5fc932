#include "cli/host_status.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "admin/status.hpp"
#include "status/snapshot.hpp"

namespace hangar::cli {
namespace {

/// As a host tells it.
HostStatus of_host(const Snapshot& seen) {
  auto host = parse_host_status("127.0.0.1:9470", status_json(seen));
  if (!host) throw std::logic_error{"that is no host"};
  return *std::move(host);
}

Snapshot busy() {
  Snapshot seen;
  seen.storage.type = "sqlite";
  seen.nats_urls = {"nats://a:4222"};
  auto& service = seen.services.emplace_back();
  service.name = "recorder";
  service.state = ServiceState::running;
  service.restarts = 2;
  auto& main = service.sources.emplace_back();
  main.name = "main";
  main.consumer = "durable";
  main.connected = 1;
  main.pending = 3400;
  main.ack_pending = 7;
  main.lag_seconds = 90;
  main.stored_letters = 5;
  auto& other = service.sources.emplace_back(main);
  other.name = "other";
  other.stored_letters = 4;
  auto& idle = seen.services.emplace_back();
  idle.name = "idle";
  idle.state = ServiceState::running;
  return seen;
}

TEST(HostStatus, what_a_host_tells_is_read_as_it_was) {
  const HostStatus host = of_host(busy());
  EXPECT_TRUE(host.ready);
  EXPECT_EQ(host.failures, std::vector<std::string>{});
  EXPECT_EQ(host.dead_letters, 5U);
  EXPECT_EQ(host.storage, "sqlite");
  EXPECT_EQ(host.broker, "nats://a:4222, connected");
  ASSERT_EQ(host.services.size(), 2U);
  EXPECT_EQ(host.services[0].restarts, 2U);
  ASSERT_EQ(host.services[0].sources.size(), 2U);
  const HostStatus::Source& source = host.services[0].sources[0];
  EXPECT_EQ(source.title, "recorder");
  EXPECT_EQ(host.services[0].sources[1].title, "recorder.other");
  EXPECT_EQ(source.durable, "durable");
  EXPECT_EQ(source.pending, 3400U);
  EXPECT_EQ(source.ack_pending, 7U);
  EXPECT_EQ(source.lag_seconds, 90U);
  EXPECT_EQ(host.told.at("address"), "127.0.0.1:9470");
}

TEST(HostStatus, what_is_none_of_a_host_is_refused) {
  for (const char* body :
       {"", "<html>", "[]", "{}", "7", R"({"version": "1"})", R"({"services":)"}) {
    EXPECT_FALSE(parse_host_status("a:1", body)) << body;
  }
  // A host of another release may tell other things.
  EXPECT_TRUE(parse_host_status("a:1", R"({"version": 1, "services": {"x": 1}, "nats": []})"));
}

TEST(HostStatus, a_person_sees_one_line_a_source_that_fits_a_terminal) {
  std::ostringstream out;
  print_hosts({of_host(busy())}, out);
  const std::string text = out.str();
  EXPECT_NE(text.find("127.0.0.1:9470: ready\n"), std::string::npos) << text;
  EXPECT_NE(text.find("SERVICE         STATE    RESTARTS  LAG  WAITING  UNACKED\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("recorder.other  running  2         90s  3400     7\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("idle            running  0"), std::string::npos) << text;
  EXPECT_NE(text.find("dead letters  5\n"), std::string::npos) << text;
}

TEST(HostStatus, each_reason_against_readiness_is_named) {
  auto seen = busy();
  seen.storage.down = true;
  seen.storage.last_error = "no answer";
  seen.draining = true;
  const FoundHosts found{.hosts = {of_host(seen), of_host(busy())}, .troubles = {"another hangs"}};
  EXPECT_EQ(why_not_ready(found),
            (std::vector<std::string>{
                "another hangs", "the host at 127.0.0.1:9470 is not ready: host: draining",
                "the host at 127.0.0.1:9470 is not ready: storage: no answer"}));
  EXPECT_TRUE(why_not_ready({.hosts = {of_host(busy())}, .troubles = {}}).empty());
  EXPECT_EQ(found.hosts[0].storage, "sqlite, does not answer: no answer");
}

TEST(HostStatus, where_nobody_runs_that_is_the_reason) {
  const auto found = find_hosts(std::filesystem::path{"/nowhere"}, "");
  EXPECT_TRUE(found.hosts.empty());
  EXPECT_EQ(why_not_ready(found), std::vector<std::string>{"no host answers or has this data_dir"});
}

TEST(HostStatus, lines_are_cut_at_the_width_and_not_within_a_character) {
  for (const auto& [text, width, expected] :
       std::vector<std::tuple<std::string, std::size_t, std::string>>{
           {"abcdef\nab\n", 0, "abcdef\nab\n"},
           {"abcdef\nab\n", 6, "abcdef\nab\n"},
           {"abcdef\nab\n", 5, "abcd…\nab\n"},
           {"äöüß\n", 3, "äö…\n"},
           {"äöüß\n", 4, "äöüß\n"},
           {"abc\n", 1, "…\n"},
           {"", 3, ""}}) {
    EXPECT_EQ(cut_lines(text, width), expected) << text << ' ' << width;
  }
}

}  // namespace
}  // namespace hangar::cli
