#pragma once

#include <cstddef>
#include <cstdint>
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

/// What comes before a message of text of so many bytes, which is sent as one frame.
inline std::string text_header(std::uint64_t size, bool deflated) {
  std::string header{deflated ? '\xC1' : '\x81'};
  const std::size_t extended = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  header += static_cast<char>(extended == 0 ? size : extended == 2 ? 126 : 127);
  for (std::size_t i = extended; i > 0; --i) header += static_cast<char>(size >> 8 * (i - 1));
  return header;
}

}  // namespace hangar
