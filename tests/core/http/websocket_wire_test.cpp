#include "http/websocket_wire.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {
namespace {

TEST(WebSocketWire, frames_are_told_apart_in_pieces_of_any_size) {
  for (const std::size_t payload : {0U, 125U, 126U, 65'535U, 65'536U, 200'000U}) {
    for (const std::size_t piece : {10U, 100U, 65'536U}) {
      std::string sent;
      sent += '\x81';
      if (payload < 126) {
        sent += static_cast<char>(payload);
      } else if (payload < 65'536) {
        sent += '\x7E';
        for (int shift = 8; shift >= 0; shift -= 8) sent += static_cast<char>(payload >> shift);
      } else {
        sent += '\x7F';
        for (int shift = 56; shift >= 0; shift -= 8) {
          sent += static_cast<char>(static_cast<std::uint64_t>(payload) >> shift);
        }
      }
      sent += std::string(payload, '\x8A');  // Looks like a pong wherever a piece begins.
      OutgoingFrames frames;
      for (int i = 0; i < 2; ++i) {
        for (std::size_t at = 0; at < sent.size(); at += piece) {
          EXPECT_EQ(frames.begins_with(std::string_view{sent}.substr(at, piece)), std::nullopt);
        }
        EXPECT_EQ(frames.begins_with(control_frame(ControlFrame::pong, "x")), ControlFrame::pong);
        EXPECT_EQ(frames.begins_with(close_frame(1000, "")), ControlFrame::close);
        EXPECT_EQ(frames.begins_with(control_frame(ControlFrame::ping, "x")), std::nullopt);
      }
    }
  }
}

}  // namespace
}  // namespace hangar
