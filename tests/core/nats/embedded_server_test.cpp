#include "nats/embedded_server.hpp"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "broker.hpp"
#include "hangar/error.hpp"

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

/// Polls, for what happens in another process.
template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

class EmbeddedServerTest : public testing::Test {
 protected:
  EmbeddedServer::Options options() {
    return {.binary = server_binary(), .folder = folder_.path() / "nats"};
  }
  TemporaryFolder folder_;
  Lines log_;
};

std::string refusal(const EmbeddedServer::Options& options, Log& log) {
  try {
    const EmbeddedServer server{options, log};
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST_F(EmbeddedServerTest, missing_program_is_an_error_that_says_what_to_do) {
  const std::string why =
      refusal({.binary = "no-such-nats-server", .folder = folder_.path() / "nats"}, log_);
  EXPECT_NE(why.find("apt install nats-server"), std::string::npos) << why;
  EXPECT_NE(why.find("nats.url"), std::string::npos) << why;
}

TEST_F(EmbeddedServerTest, second_server_on_a_folder_is_refused_and_finds_the_first) {
  EXPECT_EQ(EmbeddedServer::running(options().folder), std::nullopt);
  {
    const EmbeddedServer server{options(), log_};
    EXPECT_NE(refusal(options(), log_).find("in use by another hangar"), std::string::npos);
    EXPECT_EQ(EmbeddedServer::running(options().folder), server.url());
  }
  EXPECT_EQ(EmbeddedServer::running(options().folder), std::nullopt);
}

TEST_F(EmbeddedServerTest, server_that_dies_comes_back_at_the_same_url) {
  const EmbeddedServer server{options(), log_};
  const std::string url = server.url();
  const pid_t first = server.pid();
  kill(first, SIGKILL);
  EXPECT_TRUE(comes_true([&] { return server.restarts() == 1 && server.pid() != 0; }));
  EXPECT_TRUE(comes_true([&] { return log_.contains("nats-server is back"); }));
  EXPECT_NE(server.pid(), first);
  EXPECT_EQ(server.url(), url);
}

TEST_F(EmbeddedServerTest, url_is_the_same_after_a_restart_of_the_host) {
  std::string url;
  {
    const EmbeddedServer server{options(), log_};
    url = server.url();
  }
  const EmbeddedServer server{options(), log_};
  EXPECT_EQ(server.url(), url);
}

TEST_F(EmbeddedServerTest, server_ends_with_this_object_and_is_not_in_the_terminals_group) {
  pid_t child = 0;
  {
    const EmbeddedServer server{options(), log_};
    child = server.pid();
    EXPECT_EQ(getpgid(child), child);
  }
  EXPECT_EQ(kill(child, 0), -1);
}

TEST_F(EmbeddedServerTest, server_ends_with_a_process_that_is_killed_and_frees_the_folder) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const FileDescriptor read_end{pipe_ends[0]};
  FileDescriptor write_end{pipe_ends[1]};
  const pid_t host = fork();
  ASSERT_GE(host, 0);
  if (host == 0) {
    const EmbeddedServer server{options(), log_};
    const pid_t child = server.pid();
    if (write(write_end.value(), &child, sizeof child) != sizeof child) _exit(1);
    pause();
    _exit(0);
  }
  write_end = FileDescriptor{};
  pid_t orphan = 0;
  ASSERT_EQ(read(read_end.value(), &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  kill(host, SIGKILL);
  ASSERT_EQ(waitpid(host, nullptr, 0), host);
  const EmbeddedServer next{options(), log_};
  EXPECT_NE(next.pid(), orphan);
}

}  // namespace
}  // namespace hangar::test
