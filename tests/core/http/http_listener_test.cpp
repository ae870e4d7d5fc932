#include "http/http_listener.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "http/listen_address.hpp"
#include "no_log.hpp"
#include "raw_client.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr const char* setting = "services.inlet.listen";

/// A listener on a thread of its own, with a service that answers each request with what it sent.
/// /held is answered once the test says so, /dropped never.
class Listening {
 public:
  explicit Listening(const ListenerLimits& limits = {}, std::size_t largest_body = 1000,
                     bool accepts = true, std::size_t connections = 512) {
    thread_ = std::thread{[this] { io_.run(); }};
    on_strand([&] {
      ListensOn wanted{"127.0.0.1:0", largest_body};
      wanted.connections = connections;
      listener_ = HttpListener::start(strand_, setting, wanted, log_, limits);
    });
    if (accepts) {
      service_ = asio::co_spawn(
          strand_, [this]() -> asio::awaitable<void> { co_await serve(); }, asio::use_future);
    }
  }
  ~Listening() {
    release();
    close();
    work_.reset();
    thread_.join();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// As the host does it: the service ends, then the listener is closed.
  void close() {
    stop();
    if (service_.valid()) service_.get();
    asio::co_spawn(
        strand_, [this]() -> asio::awaitable<void> { co_await listener_->close(); },
        asio::use_future)
        .get();
  }
  void stop() {
    on_strand([&] { listener_->stop(); });
  }
  void release() {
    on_strand([&] { released_.set(); });
  }
  [[nodiscard]] bool service_ended() { return service_.wait_for(0s) == std::future_status::ready; }
  void wait_held(std::size_t most = 1) {
    wait_for([&] { return held_ == most; });
  }
  void wait_unaccepted() {
    wait_for([&] { return listener_->unaccepted() > 0; });
  }
  void wait_bodies(std::size_t bytes) {
    wait_for([&] { return listener_->bodies_bytes() == bytes; });
  }
  [[nodiscard]] std::string address() const { return listener_->address(); }
  [[nodiscard]] std::string misuse() {
    std::string said;
    on_strand([&] { said = misuse_; });
    return said;
  }

 private:
  template <class Work>
  void on_strand(Work work) {
    asio::post(strand_, asio::use_future(std::move(work))).get();
  }

  template <class Seen>
  void wait_for(Seen seen) {
    bool is_so = false;
    while (!is_so) on_strand([&] { is_so = seen(); });
  }

  asio::awaitable<void> serve() {
    while (true) {
      std::shared_ptr<Exchange> exchange = co_await listener_->accept();
      if (!exchange) co_return;
      asio::co_spawn(
          strand_,
          [this, exchange = std::move(exchange)]() mutable -> asio::awaitable<void> {
            const auto mine = std::move(exchange);
            co_await answer(*mine);
          },
          asio::detached);
    }
  }

  asio::awaitable<void> answer(Exchange& exchange) {
    if (exchange.target() == "/dropped") co_return;
    if (exchange.target() == "/held") {
      ++held_;
      co_await released_.wait();
    }
    if (exchange.target() == "/empty") {
      co_await exchange.respond(204, {}, {});
      co_return;
    }
    if (exchange.target() == "/large") {
      ++held_;
      co_await exchange.respond(200, {}, std::string(64U << 20U, 'x'));
      co_return;
    }
    std::string said = fmt::format("{} {} {} {}", exchange.method(), exchange.target(),
                                   exchange.header("x-id"), exchange.body());
    co_await exchange.respond(202, "text/plain", std::move(said));
    if (exchange.target() != "/twice") co_return;
    try {
      co_await exchange.respond(200, "text/plain", "again");
    } catch (const std::logic_error& error) {
      misuse_ = error.what();
    }
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  asio::any_io_executor strand_ = asio::make_strand(io_);
  test::NoLog log_;
  Event released_{strand_};
  std::size_t held_ = 0;
  std::string misuse_;
  std::shared_ptr<HttpListener> listener_;
  std::future<void> service_;
  std::thread thread_;
};

using Client = RawClient;

std::string post(std::string_view target, std::string_view body, std::string_view more = {}) {
  std::string text = "POST " + std::string{target} + " HTTP/1.1\r\nHost: h\r\nX-Id: 7\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string{more} + "\r\n";
  return text + std::string{body};
}

constexpr std::string_view closing = "Connection: close\r\n";

std::string answer_to(const Listening& served, std::string_view request) {
  return Client{served}.send(request).all();
}

TEST(HttpListener, a_request_comes_whole_with_method_target_header_and_body) {
  Listening served;
  const auto got = answer_to(served, post("/a?b=c", "body", closing));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 202 ")) << got;
  EXPECT_TRUE(got.ends_with("\r\n\r\nPOST /a?b=c 7 body")) << got;
  const auto chunked = answer_to(served,
                                 "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                                 "Connection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.ends_with("PUT /c  abc")) << chunked;
}

TEST(HttpListener, requests_on_one_connection_are_answered_in_turn) {
  Listening served;
  Client client{served};
  EXPECT_TRUE(client.send(post("/1", "one")).until(" one").ends_with("POST /1 7 one"));
  const auto got = client.send(post("/2", "two") + post("/3", "three", closing)).all();
  EXPECT_LT(got.find("POST /2 7 two"), got.find("POST /3 7 three")) << got;
  EXPECT_TRUE(got.ends_with("POST /3 7 three")) << got;
}

TEST(HttpListener, what_is_too_large_or_no_request_is_refused) {
  Listening served;
  const std::vector<std::pair<std::string, std::string>> cases{
      {post("/", std::string(1001, 'x')), "413"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
           std::string(1001, 'x') + "\r\n0\r\n\r\n",
       "413"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(30'000, 'x') + "\r\n\r\n", "431"},
      {"\x16\x03\x01 no HTTP\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400"},
  };
  for (const auto& [request, status] : cases) {
    const auto refused = answer_to(served, request);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 " + status + ' ')) << status << ": " << refused;
  }
  EXPECT_TRUE(
      answer_to(served, post("/", std::string(1000, 'x'), closing)).starts_with("HTTP/1.1 202 "));
}

TEST(HttpListener, who_expects_it_is_told_to_continue) {
  Listening served;
  Client client{served};
  client.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n" +
              std::string{closing} + "\r\n");
  EXPECT_TRUE(client.until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
  EXPECT_TRUE(client.send("hi").all().ends_with("POST /e  hi"));
}

TEST(HttpListener, an_answer_without_a_body_says_nothing_of_one) {
  Listening served;
  const auto got = answer_to(served, post("/empty", "", closing));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 204 "));
  EXPECT_EQ(got.find("\r\nContent-Length"), std::string::npos) << got;
  EXPECT_EQ(got.find("\r\nContent-Type"), std::string::npos) << got;
}

TEST(HttpListener, what_the_service_drops_is_answered_500_and_a_second_answer_is_refused) {
  Listening served;
  EXPECT_TRUE(answer_to(served, post("/dropped", "x")).starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(answer_to(served, post("/twice", "x", closing)).ends_with("POST /twice 7 x"));
  EXPECT_NE(served.misuse(), "");
}

TEST(HttpListener, half_a_request_and_a_silent_connection_end_and_reach_no_service) {
  ListenerLimits limits;
  limits.idle = limits.read = 50ms;
  Listening served{limits};
  Client silent{served};
  Client slow{served};
  Client half{served};
  slow.send("POST / HTTP/1.1\r\nHo");
  half.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(silent.all(), "");
  EXPECT_EQ(slow.all(), "");
  EXPECT_EQ(half.all(), "");
}

TEST(HttpListener, who_sends_a_little_again_and_again_gains_no_time) {
  ListenerLimits limits;
  limits.read = 200ms;
  Listening served{limits};
  Client slow{served};
  slow.send("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
  const auto began = std::chrono::steady_clock::now();
  // Its slowness is what is tested.
  while (slow.send("x").open()) std::this_thread::sleep_for(10ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
}

TEST(HttpListener, who_does_not_read_its_answer_holds_it_no_longer_than_its_time) {
  ListenerLimits limits;
  limits.write = 50ms;
  Listening served{limits};
  Client client{served};
  client.send(post("/large", ""));
  served.wait_held();
  // Returns when no exchange is left.
  served.close();
  EXPECT_LT(client.all().size(), 64U << 20U);
}

TEST(HttpListener, many_connections_are_open_at_the_same_time) {
  Listening served;
  std::vector<std::unique_ptr<Client>> clients(100);
  for (auto& client : clients) client = std::make_unique<Client>(served);
  for (auto& client : clients) client->send(post("/held", "x", closing));
  served.wait_held(clients.size());
  served.release();
  for (auto& client : clients) EXPECT_TRUE(client->all().ends_with("POST /held 7 x"));
}

TEST(HttpListener, bodies_together_take_no_more_than_their_bound) {
  ListenerLimits limits;
  limits.bodies_bytes = 1500;
  Listening served{limits};
  Client first{served};
  first.send(post("/held", std::string(1000, 'x'), closing));
  served.wait_held();
  EXPECT_TRUE(answer_to(served, post("/", std::string(1000, 'x'))).starts_with("HTTP/1.1 503 "));
  served.release();
  EXPECT_TRUE(first.all().starts_with("HTTP/1.1 202 "));
  EXPECT_TRUE(
      answer_to(served, post("/", std::string(1000, 'x'), closing)).starts_with("HTTP/1.1 202 "));
}

TEST(HttpListener, half_a_body_gives_way_to_who_needs_its_room) {
  ListenerLimits limits;
  limits.bodies_bytes = 1500;
  Listening served{limits};
  const std::string whole = post("/", std::string(1000, 'x'), closing);
  Client half{served};
  half.send(whole.substr(0, whole.size() - 1));
  served.wait_bodies(999);
  EXPECT_TRUE(answer_to(served, whole).starts_with("HTTP/1.1 202 "));
  EXPECT_EQ(half.all(), "");
}

TEST(HttpListener, who_does_not_read_its_answer_holds_no_room_of_bodies) {
  ListenerLimits limits;
  limits.bodies_bytes = 1500;
  Listening served{limits};
  Client first{served};
  first.send(post("/large", std::string(1000, 'x'), closing));
  EXPECT_TRUE(first.until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  const std::string whole = post("/", std::string(1000, 'x'), closing);
  EXPECT_TRUE(answer_to(served, whole).starts_with("HTTP/1.1 202 "));
}

TEST(HttpListener, client_of_http_1_0_is_told_that_its_connection_ends) {
  Listening served;
  const std::string answer = answer_to(served, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
}

TEST(HttpListener, connections_above_the_limit_are_closed) {
  Listening served{{}, 1000, true, 2};
  Client first{served};
  Client second{served};
  EXPECT_EQ(answer_to(served, post("/", "")), "");
  EXPECT_TRUE(first.send(post("/1", "", closing)).all().ends_with("POST /1 7 "));
  EXPECT_TRUE(second.send(post("/2", "", closing)).all().ends_with("POST /2 7 "));
}

TEST(HttpListener, what_no_service_accepts_is_answered_503) {
  ListenerLimits limits;
  limits.waiting = 50ms;
  Listening served{limits, 1000, false};
  EXPECT_TRUE(answer_to(served, post("/", "x")).starts_with("HTTP/1.1 503 "));
}

TEST(HttpListener, at_stop_what_is_in_progress_ends_and_nothing_else_begins) {
  Listening served;
  Client held{served};
  Client idle{served};
  Client half{served};
  EXPECT_TRUE(idle.send(post("/1", "one")).until(" one").ends_with("one"));
  half.send("POST / HTTP/1.1\r\nHo");
  held.send(post("/held", "x"));
  served.wait_held();
  served.stop();
  EXPECT_EQ(idle.all(), "");
  EXPECT_EQ(half.all(), "");
  EXPECT_THROW(Client{served}, boost::system::system_error);
  EXPECT_FALSE(served.service_ended());
  served.release();
  const auto got = held.all();
  EXPECT_TRUE(got.ends_with("POST /held 7 x")) << got;
  EXPECT_NE(got.find("Connection: close"), std::string::npos) << got;
}

TEST(HttpListener, at_stop_what_nobody_accepted_is_answered_503) {
  Listening served{{}, 1000, false};
  Client client{served};
  client.send(post("/", "x"));
  served.wait_unaccepted();
  served.stop();
  const auto got = client.all();
  EXPECT_TRUE(got.starts_with("HTTP/1.1 503 ")) << got;
}

TEST(HttpListener, an_address_that_is_taken_is_named_with_its_setting) {
  Listening served;
  asio::io_context io;
  test::NoLog log;
  try {
    HttpListener::start(io.get_executor(), setting, ListensOn{served.address()}, log);
    FAIL() << "two listeners on " << served.address();
  } catch (const ConfigError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(served.address()), std::string::npos) << what;
    EXPECT_NE(what.find(setting), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace hangar
