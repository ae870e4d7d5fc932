#include <gtest/gtest.h>

#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "websocket/websocket_wire.hpp"
#include "websocket_service.hpp"

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

TEST(WebSocket, pong_waits_for_the_service_and_messages_do_not_wait_for_it) {
  Served served;
  Client client{served};
  client.send(masked(text, "hold") + masked(ping, "p"));
  EXPECT_EQ(client.next(6), message("hold"));
  served.wait_heard("2 p 0");
  client.send(masked(text, "one") + masked(ping, "q") + masked(text, "two"));
  EXPECT_EQ(client.next(10), message("one") + message("two"));
  EXPECT_EQ(client.unread(), 0U);
}

TEST(WebSocket, pings_are_answered_in_turn_with_what_they_have) {
  Served served;
  Client client{served};
  client.send(masked(ping, "") + masked(text, "one") + masked(ping, std::string(125, 'p')));
  const std::string expected = control_frame(ControlFrame::pong, "") + message("one") +
                               control_frame(ControlFrame::pong, std::string(125, 'p'));
  EXPECT_EQ(client.next(expected.size()), expected);
}

TEST(WebSocket, of_pings_that_nobody_reads_the_last_is_answered) {
  Served served;
  Client client{served};
  std::string many = masked(text, "wait");
  for (int i = 0; i < 1000; ++i) many += masked(ping, std::to_string(i));
  client.send(many + masked(text, "end"));
  served.wait_heard("0 wait 0");
  served.release();
  served.wait_heard("0 end 0");
  const auto last = control_frame(ControlFrame::pong, "999") + message("end");
  std::string came;
  while (!came.ends_with(last)) came += client.next(1);
}

TEST(WebSocket, close_is_answered_when_the_service_says_so) {
  Served served;
  Client client{served};
  client.send(masked(text, "hold"));
  EXPECT_EQ(client.next(6), message("hold"));
  client.send(masked(close_op, "\x03\xE9 going"));
  served.wait_heard("3  going 1001");
  EXPECT_EQ(client.unread(), 0U);
  served.release();
  EXPECT_EQ(client.all(), close_frame(1001, " going"));
}

TEST(WebSocket, close_without_a_code_is_answered_by_one_without) {
  Served served;
  Client client{served};
  client.send(masked(close_op, ""));
  EXPECT_EQ(client.all(), close_frame(0, ""));
}

TEST(WebSocket, reason_of_a_close_is_cut_where_a_character_ends) {
  Served served;
  Client client{served};
  client.send(masked(text, "refuse"));
  const auto frame = close_frame(1008, std::string(121, 'x') + "\xC3\xBC");
  EXPECT_EQ(client.next(frame.size()), frame);
  client.send(masked(close_op, "\x03\xF0"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_is_dropped_ends_without_a_close) {
  Served served;
  Client client{served};
  client.send(masked(text, "drop"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_breaks_the_protocol_is_told_why) {
  WebSocketOptions options;
  options.largest_message = 1000;
  Served served{options};
  const std::vector<std::pair<std::string, std::uint16_t>> cases{
      {masked(text, std::string(1001, 'x')), 1009},
      {masked(text, "\xFF"), 1007},
      {"\x81\x01x", 1002},
      {masked('\x3', "x"), 1002},
  };
  for (const auto& [bytes, code] : cases) {
    Client client{served};
    client.send(bytes);
    EXPECT_EQ(client.all(), close_frame(code, "")) << code;
  }
}

TEST(WebSocket, at_stop_the_client_is_told_1012_and_so_is_one_that_comes_then) {
  Served served;
  Client client{served};
  client.send(masked(text, "one"));
  EXPECT_EQ(client.next(5), message("one"));
  served.stop();
  EXPECT_EQ(client.next(4), close_frame(1012, ""));
  client.send(masked(close_op, "\x03\xF4"));
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, at_stop_no_close_answers_that_of_a_client_whose_message_is_thrown_away) {
  Served served;
  Client client{served};
  client.send(masked(text, "wait"));
  served.wait_heard("0 wait 0");
  served.stop();
  // More than the kernel holds: of some it is sure that they came.
  const std::string frame = masked(binary, std::string(1U << 20U, 'x'));
  for (int i = 0; i < 32; ++i) ASSERT_TRUE(client.send(frame));
  client.send(masked(close_op, "\x03\xE8"));
  served.release();
  EXPECT_EQ(client.all().find(close_frame(1012, "")), std::string::npos);
}

TEST(WebSocket, who_does_not_answer_pings_is_told_1011) {
  WebSocketOptions options;
  options.ping_interval = options.ping_timeout = 50ms;
  Served served{options};
  Client client{served};
  const std::string pinged = client.next(6);
  EXPECT_EQ(pinged.substr(0, 2), (std::string{'\x89', '\x04'}));
  client.send(masked('\xA', pinged.substr(2)));
  EXPECT_EQ(client.next(6).substr(0, 2), (std::string{'\x89', '\x04'}));
  const auto told = close_frame(1011, "keepalive ping timeout");
  EXPECT_EQ(client.next(told.size()), told);
}

TEST(WebSocket, who_says_nothing_first_is_dropped) {
  WebSocketOptions options;
  options.first_message = 50ms;
  Served served{options};
  Client client{served};
  EXPECT_EQ(client.all(), "");
}

TEST(WebSocket, what_comes_behind_the_request_is_read) {
  Served served;
  Client client{served, masked(text, "early")};
  EXPECT_EQ(client.next(7), message("early"));
}

TEST(WebSocket, who_is_not_read_can_send_only_so_much) {
  Served served;
  Client client{served};
  client.send(masked(text, "wait"));
  served.wait_heard("0 wait 0");
  client.socket().non_blocking(true);
  const std::string frame = masked(binary, std::string(1000, 'x'));
  std::size_t sent = 0;
  constexpr std::size_t much = 64U << 20U;
  boost::system::error_code full;
  // The buffers of the kernel fill up in the end.
  for (int idle = 0; sent < much && idle < 200;) {
    const auto some = client.socket().write_some(asio::buffer(frame), full);
    sent += some;
    if (some < frame.size()) {
      ++idle;
      std::this_thread::sleep_for(1ms);
    }
    if (some > 0 && some < frame.size()) break;
  }
  EXPECT_LT(sent, much);
  served.release();
}

TEST(WebSocket, others_are_answered_as_before_and_with_headers) {
  Served served;
  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  socket.connect(served.endpoint());
  asio::write(
      socket,
      asio::buffer(std::string_view{"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
  std::string came;
  boost::system::error_code ended;
  asio::read(socket, asio::dynamic_buffer(came), ended);
  EXPECT_TRUE(came.starts_with("HTTP/1.1 503 ")) << came;
  EXPECT_NE(came.find("\r\nRetry-After: 1\r\n"), std::string::npos) << came;
}

TEST(WebSocket, library_negotiates_subprotocol_and_deflate) {
  Served served;
  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> client{io};
  client.next_layer().connect(served.endpoint());
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  client.set_option(deflate);
  websocket::response_type response;
  client.handshake(response, "h", "/");
  EXPECT_EQ(response["Sec-WebSocket-Protocol"], "prefect");
  EXPECT_NE(response["Sec-WebSocket-Extensions"].find("permessage-deflate"),
            beast::string_view::npos);
  const std::string content(3'000'000, 'x');
  client.write(asio::buffer(content));
  beast::flat_buffer echoed;
  client.read(echoed);
  EXPECT_EQ(beast::buffers_to_string(echoed.data()), content);
  client.close(websocket::close_code::going_away);
  EXPECT_EQ(client.reason().code, websocket::close_code::going_away);
}

TEST(WebSocket, what_is_too_large_when_it_is_inflated_is_told_1009) {
  WebSocketOptions options;
  options.largest_message = 100'000;
  Served served{options};
  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> client{io};
  client.next_layer().connect(served.endpoint());
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  client.set_option(deflate);
  client.handshake("h", "/");
  client.write(asio::buffer(std::string(300'000, 'x')));
  beast::flat_buffer echoed;
  beast::error_code closed;
  client.read(echoed, closed);
  EXPECT_TRUE(closed);  // As the answer to the Close may find nobody, its code may be another one.
  EXPECT_EQ(client.reason().code, websocket::close_code::too_big);
}

}  // namespace
}  // namespace hangar::test
