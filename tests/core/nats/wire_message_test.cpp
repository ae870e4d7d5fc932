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

}  // namespace
}  // namespace hangar
