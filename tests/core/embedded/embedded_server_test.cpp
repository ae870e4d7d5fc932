#include "embedded/embedded_server.hpp"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "hangar/error.hpp"
#include "jetstream/stream_probe.hpp"
#include "nats_test.hpp"

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

TEST_F(EmbeddedServerTest, second_one_on_a_folder_joins_the_first_and_serves_when_that_ends) {
  auto first = std::make_unique<EmbeddedServer>(options(), log_);
  const EmbeddedServer second{options(), log_};
  const EmbeddedServer third{options(), log_};
  EXPECT_EQ(second.pid(), 0);
  EXPECT_EQ(second.url(), first->url());
  EXPECT_EQ(second.token(), first->token());
  first.reset();
  const auto well = [&] { return streams_answer(second.url(), second.token(), 1s); };
  EXPECT_TRUE(comes_true(well));
  EXPECT_NE(second.pid() != 0, third.pid() != 0) << "one of them serves";
}

TEST_F(EmbeddedServerTest, only_who_can_read_the_token_is_let_in) {
  const EmbeddedServer server{options(), log_};
  EXPECT_TRUE(streams_answer(server.url(), server.token(), 1s));
  EXPECT_FALSE(streams_answer(server.url(), Secret{"guessed"}, 1s));
  EXPECT_FALSE(streams_answer(server.url(), Secret{}, 1s));
  EXPECT_EQ(log_.text().find(server.token().reveal()), std::string::npos);
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator{folder_.path()}) {
    constexpr auto others = fs::perms::group_all | fs::perms::others_all;
    EXPECT_EQ(entry.status().permissions() & others, fs::perms::none) << entry.path();
  }
}

TEST_F(EmbeddedServerTest, link_in_the_folder_is_refused) {
  namespace fs = std::filesystem;
  fs::create_directory(folder_.path() / "elsewhere");
  fs::create_directory_symlink(folder_.path() / "elsewhere", options().folder);
  EXPECT_NE(refusal(options(), log_).find("is a link"), std::string::npos);
  fs::remove(options().folder);
  fs::create_directory(options().folder);
  fs::create_directory_symlink(folder_.path() / "elsewhere", options().folder / "jetstream");
  EXPECT_NE(refusal(options(), log_).find("is a link"), std::string::npos);
}

TEST_F(EmbeddedServerTest, folder_of_any_name_holds_the_store) {
  auto odd = options();
  odd.folder = folder_.path() / "a\"b\\x41\n$HOME{}#";
  const EmbeddedServer server{odd, log_};
  EXPECT_TRUE(std::filesystem::is_directory(odd.folder / "jetstream"));
}

TEST_F(EmbeddedServerTest, server_that_does_not_answer_is_started_again) {
  auto impatient = options();
  impatient.patience = 500ms;
  const EmbeddedServer server{impatient, log_};
  const pid_t first = server.pid();
  kill(first, SIGSTOP);
  EXPECT_TRUE(comes_true([&] { return log_.contains("does not answer"); }));
  EXPECT_TRUE(comes_true([&] { return streams_answer(server.url(), server.token(), 1s); }));
  EXPECT_NE(server.pid(), first);
}

TEST_F(EmbeddedServerTest, server_that_says_that_it_cannot_write_is_started_again) {
  const EmbeddedServer server{options(), log_};
  std::ofstream{options().folder / "nats-server.log", std::ios::app}
      << "[1] [ERR] JetStream failed to store a msg: write 1.blk: no space "
         "left on device\n";
  EXPECT_TRUE(comes_true([&] { return log_.contains("no space left on device"); }));
  EXPECT_TRUE(comes_true([&] { return server.restarts() == 1 && server.pid() != 0; }));
  EXPECT_TRUE(comes_true([&] { return streams_answer(server.url(), server.token(), 1s); }));
}

TEST_F(EmbeddedServerTest, store_without_room_is_known_to_who_joined_too) {
  const EmbeddedServer first{options(), log_};
  const EmbeddedServer second{options(), log_};
  EXPECT_EQ(first.refuses_writes(), std::nullopt);
  EXPECT_EQ(second.refuses_writes(), std::nullopt);
  std::filesystem::create_directories(options().folder / "room" / "taken");
  EXPECT_TRUE(first.refuses_writes());
  EXPECT_TRUE(second.refuses_writes());
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
