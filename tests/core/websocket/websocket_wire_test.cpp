#include "websocket/websocket_wire.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hangar {
namespace {

TEST(WebSocketWire, size_of_a_message_has_its_shortest_form) {
  EXPECT_EQ(text_header(0, false), (std::string{'\x81', '\0'}));
  EXPECT_EQ(text_header(125, true), (std::string{'\xC1', '\x7D'}));
  EXPECT_EQ(text_header(126, false), (std::string{'\x81', '\x7E', '\0', '\x7E'}));
  EXPECT_EQ(text_header(65'535, false), (std::string{'\x81', '\x7E', '\xFF', '\xFF'}));
  EXPECT_EQ(text_header(65'536, false),
            (std::string{'\x81', '\x7F', '\0', '\0', '\0', '\0', '\0', '\1', '\0', '\0'}));
}

}  // namespace
}  // namespace hangar
