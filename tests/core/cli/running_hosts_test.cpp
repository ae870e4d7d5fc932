#include "cli/running_hosts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/host_status.hpp"
#include "http/http_server.hpp"
#include "status/state_file.hpp"

namespace hangar::cli {
namespace {

using enum Check::Verdict;

const std::string not_ready =
    "[+]loop ok\n[-]nats failed: recorder is not connected: refused\n[-]recorder failed: "
    "starting\nreadyz check failed\n";

TEST(RunningHosts, what_the_surface_answers_is_told) {
  const auto ready = check_readiness("a:1", 200, "[+]loop ok\nreadyz check passed\n");
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0].verdict, ok);
  const auto failing = check_readiness("a:1", 503, not_ready);
  ASSERT_EQ(failing.size(), 2U);
  EXPECT_EQ(failing[0].verdict, fail);
  EXPECT_EQ(failing[0].what, "host at a:1");
  EXPECT_EQ(failing[0].found, "it is not ready: nats failed: recorder is not connected: refused");
  for (const char* page : {"", "<html>", "[-"}) {
    EXPECT_EQ(check_readiness("a:1", 200, page).at(0).verdict, warn) << page;
  }
}

TEST(RunningHosts, a_host_with_another_data_dir_is_asked_at_its_address) {
  const HttpServer server{"admin.listen", "127.0.0.1:0", [](std::string_view, std::string_view) {
                            return HttpReply{.status = 503, .body = not_ready};
                          }};
  const auto checks = check_running_hosts(std::nullopt, server.address());
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].verdict, fail);
}

/// A folder that a process of such an admin surface runs on: this one.
class RunningHostsTest : public ::testing::Test {
 protected:
  ~RunningHostsTest() override { std::filesystem::remove_all(folder); }

  std::string name = (std::filesystem::temp_directory_path() / "hangar-hosts-XXXXXX").string();
  std::filesystem::path folder{::mkdtemp(name.data())};
  StateFile file{folder};
};

TEST_F(RunningHostsTest, one_that_lives_and_does_not_answer_is_a_fault) {
  file.write({}, "127.0.0.1:1");
  const auto checks = check_running_hosts(folder, "");
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].verdict, fail);
  EXPECT_EQ(checks[0].what, "host at 127.0.0.1:1");
  EXPECT_EQ(silent_hosts(folder), "");
}

TEST_F(RunningHostsTest, one_without_an_admin_surface_is_named_with_what_to_do) {
  file.write({}, "");
  const std::string said = silent_hosts(folder);
  EXPECT_TRUE(said.starts_with(fmt::format("process {} has this data_dir", ::getpid()))) << said;
  const auto checks = check_running_hosts(folder, "");
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].verdict, warn);
  EXPECT_EQ(checks[0].found, said);
  const FoundHosts found = find_hosts(folder, "");
  EXPECT_EQ(why_not_ready(found), std::vector<std::string>{said});
}

TEST(RunningHosts, what_could_not_be_looked_at_is_said) {
  for (const char* listen : {"", "127.0.0.1:0", "nonsense"}) {
    const auto checks = check_running_hosts(std::filesystem::path{"/nowhere"}, listen);
    ASSERT_EQ(checks.size(), 1U) << listen;
    EXPECT_EQ(checks[0].verdict, ok);
    EXPECT_NE(checks[0].found.find("was not looked at"), std::string::npos) << checks[0].found;
  }
}

}  // namespace
}  // namespace hangar::cli
