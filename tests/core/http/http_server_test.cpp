#include "http/http_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "http/listen_address.hpp"
#include "raw_client.hpp"

namespace hangar {
namespace {

constexpr const char* setting = "admin.listen";

HttpReply echo(std::string_view method, std::string_view target) {
  if (method != "GET" && method != "HEAD") return {.status = 405, .body = "no", .allow = "GET"};
  return {.body = "target " + std::string{target}};
}

using Client = RawClient;

std::string answer_to(const HttpServer& server, std::string_view request) {
  return Client{server}.send(request).all();
}

std::string many_headers(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "X: y\r\n";
  return text;
}

TEST(HttpServer, any_method_reaches_the_function_and_a_body_ends_the_connection) {
  const HttpServer server{setting, "127.0.0.1:0", echo};
  const auto got =
      answer_to(server, "GET /livez?x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
  EXPECT_TRUE(got.ends_with("target /livez?x")) << got;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE"}) {
    const auto refused = answer_to(
        server, std::string{method} + " /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 ")) << method << ": " << refused;
    EXPECT_NE(refused.find("\r\nAllow: GET\r\n"), std::string::npos) << refused;
  }
}

TEST(HttpServer, head_is_answered_as_get_without_the_body) {
  const HttpServer server{setting, "127.0.0.1:0", echo};
  const auto asked = [&](const std::string& method) {
    return answer_to(server, method + " /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  };
  const auto got = asked("GET");
  EXPECT_EQ(asked("HEAD"), got.substr(0, got.find("\r\n\r\n") + 4));
  EXPECT_NE(got.find("\r\nContent-Length: 13\r\n"), std::string::npos) << got;
}

TEST(HttpServer, requests_on_one_connection_are_answered_in_turn) {
  const HttpServer server{setting, "127.0.0.1:0", echo};
  const auto got = answer_to(server,
                             "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                             "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto first = got.find("target /1");
  const auto second = got.find("target /2");
  ASSERT_NE(first, std::string::npos) << got;
  ASSERT_NE(second, std::string::npos) << got;
  EXPECT_LT(first, second);
}

TEST(HttpServer, what_is_too_large_or_no_request_is_refused) {
  const HttpServer server{setting, "127.0.0.1:0", echo};
  const std::vector<std::pair<std::string, std::string>> cases{
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "431"},
      {"GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n", "431"},
      {"GET / HTTP/1.1\r\n" + many_headers(100'000) + "\r\n", "431"},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "413"},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n", "413"},
      {"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413"},
      {"\x16\x03\x01 no HTTP\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"},
  };
  for (const auto& [request, status] : cases) {
    const auto refused = answer_to(server, request);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 " + status + ' ')) << status << ": " << refused;
  }
}

TEST(HttpServer, who_sends_no_whole_request_is_disconnected_and_others_are_served) {
  const HttpServer server{setting, "127.0.0.1:0", echo, {.read = std::chrono::milliseconds{50}}};
  Client silent{server};
  Client slow{server};
  slow.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(silent.all(), "");
  EXPECT_EQ(slow.all(), "");
  EXPECT_NE(answer_to(server, "GET /3 HTTP/1.0\r\n\r\n").find("target /3"), std::string::npos);
}

TEST(HttpServer, who_sends_a_little_again_and_again_gains_no_time) {
  const HttpServer server{setting, "127.0.0.1:0", echo, {.read = std::chrono::milliseconds{200}}};
  Client slow{server};
  slow.send("GET / HTTP/1.1\r\n");
  const auto began = std::chrono::steady_clock::now();
  // Its slowness is what is tested.
  while (slow.send("X: y\r\n").open()) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{20});
}

TEST(HttpServer, limits_are_what_they_should_be) {
  constexpr HttpLimits limits;
  EXPECT_EQ(limits.connections, 64U);
  EXPECT_EQ(limits.header_bytes, 8192U);
  EXPECT_EQ(limits.read, std::chrono::seconds{5});
  EXPECT_EQ(limits.write, std::chrono::seconds{5});
}

TEST(HttpServer, connections_above_the_limit_are_closed) {
  const HttpServer server{
      setting, "127.0.0.1:0", echo, {.connections = 2, .read = std::chrono::milliseconds{10'000}}};
  Client first{server};
  Client second{server};
  EXPECT_EQ(answer_to(server, "GET / HTTP/1.0\r\n\r\n"), "");
  EXPECT_NE(first.send("GET /1 HTTP/1.0\r\n\r\n").all().find("target /1"), std::string::npos);
  EXPECT_NE(second.send("GET /2 HTTP/1.0\r\n\r\n").all().find("target /2"), std::string::npos);
}

TEST(HttpServer, an_address_that_is_taken_is_named_with_what_to_do) {
  const HttpServer server{setting, "127.0.0.1:0", echo};
  try {
    const HttpServer other{setting, server.address(), echo};
    FAIL() << "two servers on " << server.address();
  } catch (const ConfigError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(server.address()), std::string::npos) << what;
    EXPECT_NE(what.find(setting), std::string::npos) << what;
  }
}

TEST(HttpServer, it_ends_while_clients_are_connected) {
  auto server = std::make_unique<HttpServer>(setting, "127.0.0.1:0", echo);
  Client client{*server};
  client.send("GET / HTTP/1.1\r\nHo");
  server.reset();
  EXPECT_EQ(client.all(), "");
}

}  // namespace
}  // namespace hangar
