#include "nats/wire_message.hpp"

#include <gtest/gtest.h>

namespace hangar {
namespace {

TEST(ParseHeaders, reads_what_is_on_the_wire) {
  const Headers wanted{{"Kind", "odd"}, {"Kind", "a: b"}, {"Empty", ""}, {"Blanks", "x y"}};
  EXPECT_EQ(parse_headers("NATS/1.0\r\nKind: odd\r\nKind:a: b\r\nEmpty:\r\nBlanks:  x y \r\n\r\n"),
            wanted);
}

TEST(ParseHeaders, takes_no_harm_from_what_is_no_block) {
  for (const char* block : {"", "NATS/1.0", "NATS/1.0\r\n", "NATS/1.0\r\n\r\n", "\r\n", "x\r\ny"}) {
    EXPECT_TRUE(parse_headers(block).empty()) << block;
  }
}

TEST(WireSize, is_the_length_of_the_block) {
  EXPECT_EQ(wire_size({}), 0U);
  EXPECT_EQ(wire_size({{"Kind", "odd"}, {"A", ""}}),
            std::string_view{"NATS/1.0\r\nKind: odd\r\nA: \r\n\r\n"}.size());
}

TEST(Header, what_would_become_another_header_is_none) {
  EXPECT_TRUE(is_header("Nats-Msg-Id", "an id: 7 \t \xC3\xA4"));
  EXPECT_TRUE(is_header("A", ""));
  for (const std::string_view name : {"", "a b", "a:", "a\n", "\xC3\xA4"}) {
    EXPECT_FALSE(is_header(name, "value")) << name;
  }
  for (const std::string_view value :
       {std::string_view{"a\r\nB: c"}, std::string_view{"a\0b", 3}}) {
    EXPECT_FALSE(is_header("A", value)) << value;
  }
}

}  // namespace
}  // namespace hangar
