#include <gtest/gtest.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "async/silent_names.hpp"
#include "http/http_listener.hpp"
#include "no_log.hpp"
#include "raw_client.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

constexpr std::chrono::milliseconds moment{200};

/// A server that does what the test does.
class OtherServer {
 public:
  [[nodiscard]] std::string port() const {
    return std::to_string(acceptor_.local_endpoint().port());
  }
  void accept() { socket_ = acceptor_.accept(); }
  std::string until(std::string_view end) {
    std::string text;
    boost::system::error_code failed;
    asio::read_until(socket_, asio::dynamic_buffer(text), std::string{end}, failed);
    return text;
  }
  std::string read_head() { return until("\r\n\r\n"); }
  /// Everything until the connection ends.
  std::string rest() {
    std::string text;
    boost::system::error_code ended;
    asio::read(socket_, asio::dynamic_buffer(text), ended);
    return text;
  }
  bool write(std::string_view text) {
    boost::system::error_code failed;
    asio::write(socket_, asio::buffer(text), failed);
    return !failed;
  }
  void close() { socket_.close(); }
  void reset() {
    socket_.set_option(asio::socket_base::linger{true, 0});
    socket_.close();
  }
  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  /// Further ones are not even refused.
  void be_full() {
    acceptor_.listen(0);
    waiting_.connect(endpoint());
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket socket_{io_};
  asio::ip::tcp::socket waiting_{io_};
};

/// Passes everything on to it.
class Front {
 public:
  explicit Front(const OtherServer& server, const ListenerLimits& limits = {})
      : Front{"127.0.0.1", server.port(), limits, HostAddresses::look_up} {}
  Front(const std::string& host, const std::string& port, const ListenerLimits& limits,
        const HostAddresses::LookUp& look_up) {
    thread_ = std::thread{[this] { io_.run(); }};
    ListensOn wanted{"127.0.0.1:0"};
    wanted.passes_on.host = host;
    wanted.passes_on.port = port;
    asio::post(strand_, asio::use_future([&] {
                 listener_ = HttpListener::start(
                     strand_, "services.front.listen", wanted, log_, limits,
                     {counter(counts_[0]), counter(counts_[1]), counter(counts_[2])}, look_up);
               }))
        .get();
  }
  ~Front() {
    close();
    work_.reset();
    thread_.join();
  }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  void close() {
    asio::co_spawn(
        strand_, [this]() -> asio::awaitable<void> { co_await listener_->close(); },
        asio::use_future)
        .get();
  }
  [[nodiscard]] std::string address() const { return listener_->address(); }
  /// Requests that were answered, could not be, and were not in time.
  [[nodiscard]] std::array<int, 3> counts() {
    return asio::post(strand_, asio::use_future([&] { return counts_; })).get();
  }

 private:
  static PassedRequests::Count counter(int& count) {
    return [&count](double) { ++count; };
  }

  std::array<int, 3> counts_{};
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::any_io_executor strand_ = asio::make_strand(io_);
  test::NoLog log_;
  std::shared_ptr<HttpListener> listener_;
  std::thread thread_;
};

constexpr std::string_view asked = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view answered = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(HttpRelay, server_that_does_not_answer_in_time_is_told_of) {
  OtherServer server;
  ListenerLimits limits;
  limits.answer = moment;
  Front front{server, limits};
  RawClient client{front};
  client.send(asked);
  server.accept();
  EXPECT_EQ(server.read_head(), asked);
  const std::string answer = client.all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 504 ")) << answer;
  EXPECT_EQ(front.counts(), (std::array{0, 0, 1}));
  EXPECT_TRUE(answer.ends_with("does not answer\n")) << answer;
  EXPECT_EQ(server.rest(), "");
}

TEST(HttpRelay, request_may_take_longer_to_send_than_its_answer_to_come) {
  OtherServer server;
  ListenerLimits limits;
  limits.answer = moment;
  const Front front{server, limits};
  RawClient client{front};
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
  server.accept();
  for (const char* byte : {"b", "o", "d", "y"}) {
    std::this_thread::sleep_for(moment / 2);  // What is to pass: all of them take twice the moment.
    client.send(byte);
  }
  EXPECT_TRUE(server.read_head().starts_with("PUT /a "));
  server.write(answered);
  EXPECT_EQ(client.until("ok"), answered);
}

TEST(HttpRelay, client_that_sends_no_more_of_its_request_is_left) {
  OtherServer server;
  ListenerLimits limits;
  limits.read = moment;
  const Front front{server, limits};
  RawClient client{front};
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo");
  server.accept();
  EXPECT_TRUE(server.rest().ends_with("\r\n\r\nbo"));
  EXPECT_EQ(client.all(), "");
}

TEST(HttpRelay, client_that_does_not_read_its_answer_is_left) {
  OtherServer server;
  ListenerLimits limits;
  limits.write = moment;
  const Front front{server, limits};
  RawClient client{front};
  client.send(asked);
  server.accept();
  server.write("HTTP/1.1 200 OK\r\n\r\n");
  const std::string piece(1U << 20U, 'x');
  constexpr int more_than_the_system_buffers = 200;
  int written = 0;
  while (written < more_than_the_system_buffers && server.write(piece)) ++written;
  EXPECT_LT(written, more_than_the_system_buffers);
}

TEST(HttpRelay, connection_that_the_server_has_ended_is_not_used_again) {
  OtherServer server;
  const Front front{server};
  RawClient client{front};
  for (int times = 0; times < 3; ++times) {
    client.send(asked);
    server.accept();
    EXPECT_EQ(server.read_head(), asked);
    server.write(answered);
    EXPECT_EQ(client.until("ok"), answered);
    server.close();
  }
}

TEST(HttpRelay, stop_ends_what_is_no_http_any_more) {
  OtherServer server;
  Front front{server};
  RawClient client{front};
  client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
  server.accept();
  server.read_head();
  server.write("HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello");
  EXPECT_TRUE(client.until("hello").ends_with("\r\n\r\nhello"));
  const auto before = std::chrono::steady_clock::now();
  front.close();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{4});
  EXPECT_EQ(client.all(), "");
  EXPECT_EQ(server.rest(), "");
}

TEST(HttpRelay, connection_becomes_something_else_only_at_the_end_of_the_request) {
  for (const bool whole : {false, true}) {
    OtherServer server;
    const Front front{server};
    RawClient client{front};
    client.send(
        "GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n"
        "Content-Length: 4\r\n\r\nbo");
    server.accept();
    if (whole) client.send("dy");
    EXPECT_TRUE(server.until(whole ? "body" : "bo").ends_with(whole ? "body" : "bo"));
    server.write("HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    EXPECT_TRUE(client.until("\r\n\r\n").starts_with(whole ? "HTTP/1.1 101 " : "HTTP/1.1 502 "));
    if (!whole) client.send("dy");
    server.close();
  }
}

TEST(HttpRelay, answer_that_is_cut_is_not_taken_for_a_whole_one) {
  for (const bool cut : {false, true}) {
    OtherServer server;
    const Front front{server};
    RawClient client{front};
    client.send(asked);
    server.accept();
    server.read_head();
    server.write("HTTP/1.1 200 OK\r\n\r\nhello");
    EXPECT_TRUE(client.until("hello").ends_with("\r\n\r\nhello"));
    cut ? server.reset() : server.close();
    EXPECT_EQ(client.all(), "");
    EXPECT_EQ(client.was_reset(), cut);
  }
}

TEST(HttpRelay, name_that_is_not_looked_up_in_time_is_told_of) {
  const test::SilentNames names;
  ListenerLimits limits;
  limits.connect = moment;
  Front front{"api.test", "80", limits, names.look_up()};
  RawClient client{front};
  const std::string answer = client.send(asked).all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
  EXPECT_NE(answer.find("api.test:80 cannot be reached: Host not found"), std::string::npos);
  EXPECT_EQ(front.counts(), (std::array{0, 1, 0}));
}

TEST(HttpRelay, close_does_not_wait_for_a_name) {
  test::SilentNames names;
  ListenerLimits limits;
  limits.connect = std::chrono::hours{1};
  Front front{"api.test", "80", limits, names.look_up()};
  RawClient client{front};
  client.send(asked);
  names.wait_for_question();
  front.close();
  EXPECT_EQ(client.all(), "");
}

TEST(HttpRelay, name_is_looked_up_again_when_its_address_leads_to_nothing) {
  test::SilentNames names;
  OtherServer server;
  names.answer({{}, {{asio::ip::address_v4::loopback(), 1}}});
  names.answer({{}, {server.endpoint()}});
  const Front front{"api.test", "80", {}, names.look_up()};
  EXPECT_TRUE(RawClient{front}.send(asked).all().starts_with("HTTP/1.1 502 "));
  RawClient client{front};
  client.send(asked);
  server.accept();
  server.write(answered);
  EXPECT_EQ(client.until("ok"), answered);
}

TEST(HttpRelay, address_that_does_not_answer_leaves_time_for_the_next) {
  OtherServer full;
  full.be_full();
  OtherServer server;
  test::SilentNames names;
  names.answer({{}, {full.endpoint(), server.endpoint()}});
  ListenerLimits limits;
  limits.connect = 3 * moment;
  const Front front{"api.test", "80", limits, names.look_up()};
  RawClient client{front};
  client.send(asked);
  server.accept();
  server.write(answered);
  EXPECT_EQ(client.until("ok"), answered);
}

}  // namespace
}  // namespace hangar
