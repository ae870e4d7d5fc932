#include "cli/host_status.hpp"

#include <gtest/gtest.h>

#include "cli/host_status_test.hpp"

namespace hangar::cli {
namespace {

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
  EXPECT_EQ(source.settled, 11U);
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
  ASSERT_EQ(why_not_ready(found).size(), 1U);
  EXPECT_TRUE(why_not_ready(found)[0].starts_with("no host answers or has this data_dir: "));
}

}  // namespace
}  // namespace hangar::cli
