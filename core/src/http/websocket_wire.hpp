#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hangar {

/// The frames of RFC 6455, section 5.5, that a server makes itself.
enum class ControlFrame : std::uint8_t { close = 0x8, ping = 0x9, pong = 0xA };

/// The bytes of one; what is longer than such a frame may be is cut.
inline std::string control_frame(ControlFrame kind, std::string_view payload) {
  constexpr std::size_t most = 125;
  payload = payload.substr(0, most);
  std::string frame;
  frame += static_cast<char>(0x80U | static_cast<unsigned>(kind));
  frame += static_cast<char>(payload.size());
  frame += payload;
  return frame;
}

/// That of a Close: without a code it is empty, and a reason is cut where a character ends.
inline std::string close_frame(std::uint16_t code, std::string_view reason) {
  if (code == 0) return control_frame(ControlFrame::close, {});
  constexpr std::size_t most = 123;
  if (reason.size() > most) {
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80U) --end;
    reason = reason.substr(0, end);
  }
  std::string payload;
  payload += static_cast<char>(code >> 8U);
  payload += static_cast<char>(code & 0xFFU);
  payload += reason;
  return control_frame(ControlFrame::close, payload);
}

/// Finds, in the bytes that a server sends, where frames begin: they come in pieces of any size,
/// but the header of a frame comes whole, and a piece ends where a frame does or before.
class OutgoingFrames {
 public:
  /// Takes a piece. Whether it is a pong or a Close, which then does not count as sent.
  std::optional<ControlFrame> begins_with(std::string_view piece) {
    if (left_ > 0 || piece.size() < 2) {
      goes_by(piece.size());
      return std::nullopt;
    }
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(piece[at]); };
    const unsigned opcode = byte(0) & 0xFU;
    if (opcode == static_cast<unsigned>(ControlFrame::close)) return ControlFrame::close;
    if (opcode == static_cast<unsigned>(ControlFrame::pong)) return ControlFrame::pong;
    std::uint64_t payload = byte(1) & 0x7FU;
    const std::size_t extended = payload == 126 ? 2 : payload == 127 ? 8 : 0;
    if (extended > 0) payload = 0;
    for (std::size_t i = 0; i < extended; ++i) payload = payload << 8U | byte(2 + i);
    left_ = 2 + extended + payload;
    goes_by(piece.size());
    return std::nullopt;
  }
  /// More of the piece that was taken last.
  void goes_by(std::size_t bytes) { left_ -= std::min<std::uint64_t>(left_, bytes); }

 private:
  std::uint64_t left_ = 0;  ///< Of a frame that has begun.
};

}  // namespace hangar
