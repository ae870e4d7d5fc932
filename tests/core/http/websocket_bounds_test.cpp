// What a client may take over a WebSocket, whatever it sends and however slowly.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "websocket/websocket_deflate.hpp"
#include "websocket/websocket_wire.hpp"
#include "websocket_service.hpp"

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t large = 600'000;

std::string_view first_half(const std::string& frame) {
  return std::string_view{frame}.substr(0, frame.size() / 2);
}
std::string_view second_half(const std::string& frame) {
  return std::string_view{frame}.substr(frame.size() / 2);
}
/// Of a message of this size.
std::size_t answer_bytes(std::size_t payload) { return payload + (payload > 0xFFFF ? 10 : 4); }

std::vector<std::unique_ptr<Client>> clients_that_sent_half(Served& served,
                                                            const std::string& frame) {
  std::vector<std::unique_ptr<Client>> clients(5);
  for (auto& client : clients) {
    client = std::make_unique<Client>(served);
    client->send(first_half(frame));
  }
  return clients;
}

TEST(WebSocketBounds, half_a_message_ends_and_so_does_its_connection) {
  ListenerLimits limits;
  limits.read = 50ms;
  Served served{WebSocketOptions{}, limits};
  const std::string frame = masked(text, std::string(large, 'x'));
  for (const std::string& half :
       {std::string{first_half(frame)}, masked('\x1', "some").replace(0, 1, "\x01")}) {
    Client client{served};
    client.send(masked(text, "one"));
    EXPECT_EQ(client.next(5), message("one"));
    client.send(half);
    EXPECT_EQ(client.all(), "");
  }
}

TEST(WebSocketBounds, who_sends_a_message_bit_by_bit_gains_no_time) {
  ListenerLimits limits;
  limits.read = 200ms;
  Served served{WebSocketOptions{}, limits};
  Client client{served};
  client.send(masked('\x1', "some").replace(0, 1, "\x01"));
  const auto began = std::chrono::steady_clock::now();
  // Its slowness is what is tested.
  while (client.send(masked('\0', "x").replace(0, 1, std::string(1, '\0')))) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
}

TEST(WebSocketBounds, large_messages_that_have_no_room_at_once_come_one_after_the_other) {
  ListenerLimits limits;
  limits.messages_bytes = 200'000;  // Half a message has more.
  Served served{WebSocketOptions{}, limits};
  const std::string frame = masked(text, std::string(large, 'x'));
  const auto clients = clients_that_sent_half(served, frame);
  // Meanwhile small messages are taken.
  Client small{served};
  small.send(masked(text, "small"));
  EXPECT_EQ(small.next(7), message("small"));
  std::vector<std::thread> sending;
  for (auto& client : clients) {
    sending.emplace_back([&client, &frame] {
      client->send(second_half(frame));
      EXPECT_EQ(client->next(answer_bytes(large)).size(), answer_bytes(large));
    });
  }
  for (auto& each : sending) each.join();
}

TEST(WebSocketBounds, deflated_messages_that_never_end_take_the_room_of_all_and_go_in_time) {
  constexpr std::size_t room = 1'000'000;
  constexpr std::size_t each = 4'000'000;
  ListenerLimits limits;
  limits.messages_bytes = room;
  limits.read = 300ms;
  Served served{WebSocketOptions{}, limits};
  // Who sends much is read much at once.
  std::string bytes;
  for (int i = 0; i < 600; ++i) bytes += masked(pong, std::string(125, 'x'));
  DeflateTerms terms;
  terms.server_window_bits = 12;
  bytes += masked(text, MessageDeflater{terms}.deflate(std::string(each, 'x'))).replace(0, 1, "A");
  std::vector<std::unique_ptr<Client>> clients(40);
  std::vector<std::thread> sending;
  std::atomic<int> open = 0;
  for (auto& client : clients) {
    client = std::make_unique<Client>(
        served, "", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    ++open;
  }
  for (auto& client : clients) {
    sending.emplace_back([&] {
      client->send(bytes);
      EXPECT_EQ(client->all(), "");
      --open;
    });
  }
  const auto began = std::chrono::steady_clock::now();
  std::size_t most = 0;
  while (open > 0) most = std::max(most, served.messages_bytes());
  for (auto& one : sending) one.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20 * limits.read);
  EXPECT_GT(most, room);
  // One may take what it wants, twice while it grows; and all have a little.
  EXPECT_LT(most, room + 2 * each + clients.size() * 200'000);
}

TEST(WebSocketBounds, message_that_came_whole_may_wait_for_its_reader) {
  ListenerLimits limits;
  limits.read = 100ms;
  Served served{WebSocketOptions{}, limits};
  Client client{served, masked(text, "wait")};
  // The one ends and the other begins within one read.
  client.send(masked(text, std::string(large, 'x')) + masked(text, "end"));
  std::this_thread::sleep_for(4 * limits.read);  // That the time passes is what is tested.
  served.release();
  EXPECT_EQ(client.next(6), message("wait"));
  EXPECT_EQ(client.next(answer_bytes(large)).size(), answer_bytes(large));
  EXPECT_EQ(client.next(5), message("end"));
}

TEST(WebSocketBounds, messages_that_wait_for_their_reader_have_time_and_bound_what_others_take) {
  ListenerLimits limits;
  limits.messages_bytes = 300'000;
  limits.read = 250ms;
  Served served{WebSocketOptions{}, limits};
  const std::string frames = masked(text, std::string(large, 'x')) + masked(text, "end");
  std::vector<std::unique_ptr<Client>> clients(8);
  std::vector<std::thread> sending;
  for (auto& client : clients) {
    client = std::make_unique<Client>(served, masked(text, "wait"));
    sending.emplace_back([&] {
      client->send(frames);
      EXPECT_EQ(client->next(6), message("wait"));
      EXPECT_EQ(client->next(answer_bytes(large)).size(), answer_bytes(large));
      EXPECT_EQ(client->next(5), message("end"));
    });
  }
  // That the time passes is what is tested.
  std::size_t most = 0;
  const auto until = std::chrono::steady_clock::now() + 3 * limits.read;
  while (std::chrono::steady_clock::now() < until) most = std::max(most, served.messages_bytes());
  served.release();
  for (auto& one : sending) one.join();
  EXPECT_GT(most, limits.messages_bytes);
  EXPECT_LT(most, limits.messages_bytes + large + clients.size() * 200'000);
}

TEST(WebSocketBounds, who_waits_for_room_does_not_wait_for_another_s_reader) {
  ListenerLimits limits;
  limits.messages_bytes = 300'000;
  Served served{WebSocketOptions{}, limits};
  const std::string large_frame = masked(text, std::string(large, 'x'));
  Client first{served};
  first.send(first_half(large_frame));
  const auto wait_for = [&](std::size_t bytes) {
    while (served.messages_bytes() < bytes) std::this_thread::yield();
  };
  wait_for(limits.messages_bytes);
  Client unread{served, masked(text, "wait")};
  unread.send(masked(text, std::string(300'000, 'y')));
  wait_for(500'000);  // It waits for the room of the first.
  first.send(second_half(large_frame));
  EXPECT_EQ(first.next(answer_bytes(large)).size(), answer_bytes(large));
  Client last{served};
  last.send(large_frame);
  EXPECT_EQ(last.next(answer_bytes(large)).size(), answer_bytes(large));
  EXPECT_EQ(unread.unread(), 0U);
  served.release();
}

TEST(WebSocketBounds, those_that_wait_for_room_go_when_the_host_stops) {
  ListenerLimits limits;
  limits.messages_bytes = 200'000;
  Served served{WebSocketOptions{}, limits};
  const std::string frame = masked(text, std::string(large, 'x'));
  const auto clients = clients_that_sent_half(served, frame);
  served.stop();
  for (auto& client : clients) EXPECT_EQ(client->next(4), close_frame(1012, ""));
}

TEST(WebSocketBounds, message_of_single_bytes_comes_whole) {
  Served served;
  Client client{served};
  std::string frames = masked(text, "").replace(0, 1, "\x01");
  for (int i = 0; i < 100; ++i) {
    frames += masked('\0', "x").replace(0, 1, std::string(1, '\0'));
    frames += masked('\0', "").replace(0, 1, std::string(1, '\0'));
    frames += masked(ping, "p");
  }
  client.send(frames + masked('\0', ""));
  std::string came;
  while (!came.ends_with(message(std::string(100, 'x')))) came += client.next(1);
}

TEST(WebSocketBounds, what_no_frame_may_be_is_told_1002) {
  Served served;
  const std::string mask(4, '\0');
  const std::vector<std::pair<std::string, std::uint16_t>> cases{
      {"\xC1\x81" + mask + "x", 1002},                                   // Compressed, unagreed.
      {"\xA1\x81" + mask + "x", 1002},                                   // A reserved bit.
      {"\x91\x81" + mask + "x", 1002},                                   // Another.
      {masked('\0', "x"), 1002},                                         // Goes on with nothing.
      {std::string{"\x01\x81"} + mask + "x" + masked(text, "y"), 1002},  // One within another.
      {std::string{"\x09\x80"} + mask, 1002},                            // A ping in parts.
      {masked(ping, std::string(126, 'x')), 1002},  // Longer than a ping may be.
      {masked(close_op, "x"), 1002},                // Half a code.
      {masked(close_op, "\x03\xED"), 1002},         // 1005 is never sent.
      {masked(close_op, "\x03\xE8\xFF"), 1002},     // No UTF-8.
      {masked('\xB', ""), 1002},
      {masked(text, "\xED\xA0\x80"), 1007},  // A surrogate.
      {masked(text, "\xF0\x9F\x98"), 1007},  // Half a character.
      {"\x81\xFF\x7F" + std::string(7, '\xFF') + mask, 1009},
      {"\x81\xFF\xFF" + std::string(7, '\xFF') + mask, 1009},
  };
  for (const auto& [bytes, code] : cases) {
    Client client{served};
    client.send(bytes);
    EXPECT_EQ(client.all(), close_frame(code, "")) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace hangar::test
