#include "websocket/websocket_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "websocket/websocket_wire.hpp"

namespace hangar {
namespace {

constexpr std::size_t largest = 100'000;
constexpr std::size_t most_room = 4096;

/// A frame of a client.
std::string sent(unsigned first, std::string_view payload, std::string_view mask = "m\x81s\xFF") {
  std::string frame = text_header(payload.size(), false);
  frame[0] = static_cast<char>(first);
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  }
  return frame;
}

constexpr unsigned last = 0x80;
constexpr unsigned deflated = 0x40;

/// What a reader makes of bytes that come in such pieces.
std::vector<std::string> read(std::string_view bytes, std::size_t piece,
                              const std::optional<DeflateTerms>& terms = std::nullopt) {
  WebSocketReader reader{largest, bytes.substr(0, piece)};
  if (terms) reader.inflate(*terms);
  bytes.remove_prefix(std::min(piece, bytes.size()));
  std::vector<std::string> made;
  while (true) {
    while (const auto found = reader.next()) {
      const char kind = found->pong ? 'o' : "tbpc"[static_cast<int>(found->frame.kind)];
      made.push_back(std::string(1, kind).append(found->frame.data));
      if (kind == 'c') return made.back() += std::to_string(found->frame.code), made;
    }
    if (reader.wants_room()) continue;
    if (bytes.empty()) return made;
    const auto room = reader.room(most_room);
    const std::string_view next = bytes.substr(0, std::min(piece, room.size()));
    std::ranges::copy(next, room.begin());
    reader.came(next.size());
    bytes.remove_prefix(next.size());
  }
}

TEST(WebSocketReader, frames_are_the_same_in_pieces_of_any_size) {
  const std::string large(70'000, 'x');
  const std::string bytes = sent(last | 1, "one") + sent(last | 9, "p") + sent(1, "\xC3") +
                            sent(last | 10, "") + sent(0, "\xBC ") + sent(last | 0, "two") +
                            sent(last | 2, "\xFF") + sent(last | 1, "") + sent(last | 1, large) +
                            sent(last | 8, "\x03\xE9 bye") + sent(last | 1, "not read");
  const std::vector<std::string> expected{
      "tone",     "pp", "o", "t\xC3\xBC two", "b\xFF", "t", std::string{"t"}.append(large),
      "c bye1001"};
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 13U, 1000U, 4096U, 1'000'000U}) {
    EXPECT_EQ(read(bytes, piece), expected) << piece;
  }
}

TEST(WebSocketReader, what_breaks_the_protocol_ends_with_the_code_that_tells_why) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\x81\x01x", "c1002"},                            // no mask
      {sent(last | 3, ""), "c1002"},                     // no such opcode
      {sent(last | 11, ""), "c1002"},                    //
      {sent(last | 0x20 | 1, ""), "c1002"},              // reserved bits
      {sent(last | deflated | 1, ""), "c1002"},          // nothing is deflated here
      {sent(last | 0, ""), "c1002"},                     // goes on with nothing
      {sent(1, "a") + sent(last | 1, "b"), "c1002"},     // begins within a message
      {sent(9, ""), "c1002"},                            // a ping in parts
      {sent(last | 9, std::string(126, 'p')), "c1002"},  //
      {std::string{"\x81\xFE"} + std::string{"\0\x05mask", 6}, "c1002"},  // not the shortest size
      {std::string{"\x81\xFF"} + std::string(7, '\0') + "\x7Fmask", "c1002"},
      {sent(last | 8, "x"), "c1002"},
      {sent(last | 8, "\x03\xED"), "c1002"},  // 1005 is not sent
      {sent(last | 8, "\x03\xE8\xFF"), "c1002"},
      {sent(last | 8, ""), "c0"},
      {sent(last | 8, std::string{"\x0F\xA0ok"}), "cok4000"},
      {sent(last | 1, "\xFF"), "c1007"},
      {sent(1, "\xC3") + sent(last | 0, ""), "c1007"},
      {std::string{"\x81\xFF"} + std::string{"\0\0\0\0\xFF\0\0\0mask", 12}, "c1009"},
      {sent(1, std::string(largest, 'x')) + sent(last | 0, "x"), "c1009"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const std::size_t piece : {1U, 1'000'000U}) {
      EXPECT_EQ(read(cases[i].first, piece), std::vector<std::string>{cases[i].second}) << i;
    }
  }
}

TEST(WebSocketReader, messages_are_inflated_each_behind_the_one_before_or_by_itself) {
  for (const bool keeps : {true, false}) {
    DeflateTerms terms;
    terms.client_window_bits = terms.server_window_bits = 12;
    terms.client_keeps_context = terms.server_keeps_context = keeps;
    MessageDeflater client{terms};
    const std::string message(3000, 'a');
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
      const std::string small = client.deflate(message + std::to_string(i));
      const std::size_t half = small.size() / 2;
      bytes += sent(deflated | 1, small.substr(0, half)) + sent(last | 9, "") +
               sent(last | 0, small.substr(half)) + sent(last | 1, "plain");
    }
    bytes += sent(last | deflated | 1, client.deflate(std::string(largest, 'y')));
    bytes += sent(last | deflated | 1, client.deflate(std::string(largest + 1, 'y')));
    for (const std::size_t piece : {1U, 1'000'000U}) {
      const auto made = read(bytes, piece, terms);
      ASSERT_EQ(made.size(), 62U);
      EXPECT_EQ(made[57], "p");
      EXPECT_EQ(made[58], std::string{"t"}.append(message).append("19"));
      EXPECT_EQ(made[60], std::string{"t"}.append(largest, 'y'));
      EXPECT_EQ(made[61], "c1009");
    }
  }
}

TEST(WebSocketReader, what_is_inflated_grows_no_faster_than_what_is_read) {
  const std::string message(largest, 'y');
  const std::string small = MessageDeflater{DeflateTerms{}}.deflate(message);
  ASSERT_LT(small.size(), 500U);
  const std::vector<std::string> ways{
      sent(last | deflated | 1, small),
      sent(deflated | 1, small) + sent(last | 0, ""),
      sent(deflated | 1, small.substr(0, 1)) + sent(0, small.substr(1)) + sent(last | 0, ""),
      sent(deflated | 1, small.substr(0, 50)) + sent(last | 9, "p") +
          sent(last | 0, small.substr(50)),
  };
  for (const std::string& way : ways) {
    WebSocketReader reader{largest, way};
    reader.inflate(DeflateTerms{});
    int waits = 0;
    std::optional<ReadFrame> read;
    do {
      const std::size_t held = reader.held();
      read = reader.next();
      EXPECT_LE(reader.held(), 2 * held + 70'000);
      waits += reader.wants_room() ? 1 : 0;
    } while (reader.wants_room() || (read && read->frame.kind == WebSocketFrame::Kind::ping));
    EXPECT_GE(waits, 1);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->frame.data, message);
    EXPECT_FALSE(reader.next() || reader.wants_room() || reader.within_message());
  }
}

TEST(WebSocketReader, what_cannot_be_inflated_breaks_the_protocol) {
  for (const char* const bytes : {"\xFF\xFF\xFF", "\x06"}) {
    EXPECT_EQ(read(sent(last | deflated | 1, bytes), 1, DeflateTerms{}),
              std::vector<std::string>{"c1002"});
  }
}

TEST(WebSocketReader, its_memory_follows_what_comes) {
  WebSocketReader reader{largest, {}};
  std::size_t room = 0;
  for (int i = 0; i < 20; ++i) {
    const auto bytes = reader.room(most_room);
    EXPECT_GE(bytes.size(), room);
    room = bytes.size();
    const std::string frame = sent(last | 1, std::string(room - 8, 'x'), "mask");
    std::ranges::copy(frame, bytes.begin());
    reader.came(room);
    while (reader.next()) {
    }
  }
  EXPECT_EQ(room, most_room);
  for (int i = 0; i < 3; ++i) {
    const std::string frame = sent(last | 9, "");
    std::ranges::copy(frame, reader.room(most_room).begin());
    reader.came(frame.size());
    EXPECT_TRUE(reader.next());
  }
  EXPECT_EQ(reader.room(most_room).size(), 512U);
}

TEST(DeflateTerms, are_those_of_the_header) {
  EXPECT_FALSE(deflate_terms(""));
  const auto terms = deflate_terms(
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; "
      "client_max_window_bits=11");
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->server_window_bits, 12);
  EXPECT_EQ(terms->client_window_bits, 11);
  EXPECT_FALSE(terms->server_keeps_context);
  EXPECT_TRUE(terms->client_keeps_context);
}

}  // namespace
}  // namespace hangar
