#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, not C's
#include <sys/wait.h>

#include <boost/json/serialize.hpp>

#include "hangar/error.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;
using Fate = Link::Reply::Fate;

class LinkTest : public NatsTest {};

TEST_F(LinkTest, request_that_nobody_serves_fails_at_once) {
  run([this]() -> asio::awaitable<void> {
    const auto link = co_await connect();
    const Link::Reply reply = co_await link->request("nobody.here", "body");
    EXPECT_EQ(reply.fate, Fate::no_responders);
  }());
}

TEST_F(LinkTest, request_that_is_not_answered_fails_after_its_time) {
  run([this]() -> asio::awaitable<void> {
    const auto link = co_await connect();
    // A pull without a status in reply: nothing is there, and nothing is said for 30 s.
    const auto tested = source();
    co_await tested->open();
    boost::json::object pull{{"batch", 1}, {"expires", 30'000'000'000}};
    const auto begun = std::chrono::steady_clock::now();
    const Link::Reply reply =
        co_await link->request("$JS.API.CONSUMER.MSG.NEXT.PREFECT_TASKS.worker",
                               boost::json::serialize(pull), Headers{}, 500ms);
    EXPECT_EQ(reply.fate, Fate::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
    co_await tested->close();
  }());
}

TEST_F(LinkTest, requests_fail_when_the_connection_is_lost_and_work_again_after) {
  run([this]() -> asio::awaitable<void> {
    const auto link = co_await connect();
    const pid_t killed = server_.pid();
    kill(killed, SIGSTOP);  // so that it does not answer
    siginfo_t stopped{};
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(killed), &stopped, WSTOPPED), 0);
    std::optional<Fate> fate;
    link->request("$JS.API.INFO", "", {}, 30s,
                  [&](const Link::Reply& reply) { fate = reply.fate; });
    kill(killed, SIGKILL);
    co_await until([&]() -> asio::awaitable<bool> { co_return fate.has_value(); });
    EXPECT_EQ(fate, Fate::disconnected);
    const Link::Reply down = co_await link->request("$JS.API.INFO", "");
    EXPECT_EQ(down.fate, Fate::disconnected);
    co_await link->wait_connected(std::chrono::steady_clock::now() + 20s);
    const Link::Reply back = co_await link->request("$JS.API.INFO", "");
    EXPECT_EQ(back.fate, Fate::answered);
    EXPECT_EQ(link->connections(), 2U);
  }());
}

TEST_F(LinkTest, settings_that_cannot_be_used_are_refused_before_connecting) {
  const auto refusal = [this](const NatsConfig& config) {
    try {
      Link::open(io_.get_executor(), {config, "test"}, log_, {});
    } catch (const ConfigError& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  NatsConfig bad = config();
  bad.credentials_file = "/nowhere/creds";
  EXPECT_NE(refusal(bad).find("nats.credentials_file"), std::string::npos);
  bad = config();
  bad.tls.ca_file = "/nowhere/ca.pem";
  EXPECT_NE(refusal(bad).find("nats.tls.ca_file"), std::string::npos);
  bad = config();
  bad.tls.cert_file = "/etc/hostname";
  EXPECT_NE(refusal(bad).find("cert_file and key_file"), std::string::npos);
}

TEST_F(LinkTest, server_without_tls_is_not_spoken_to_when_tls_is_asked_for) {
  run([this]() -> asio::awaitable<void> {
    NatsConfig encrypted = config();
    encrypted.tls.required = true;
    const auto link = Link::open(io_.get_executor(), {encrypted, "test"}, log_, {});
    co_await until([&]() -> asio::awaitable<bool> { co_return !link->last_trouble().empty(); });
    EXPECT_FALSE(link->connected());
    EXPECT_NE(link->last_trouble().find("tls://127.0.0.1"), std::string::npos);
    link->finish();
    co_await link->ended(std::chrono::steady_clock::now() + 10s);
  }());
}

}  // namespace
}  // namespace hangar::test
