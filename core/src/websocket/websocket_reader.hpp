#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/listener.hpp"
#include "websocket/websocket_deflate.hpp"

namespace hangar {

/// What a reader makes of the bytes of a client.
struct ReadFrame {
  WebSocketFrame frame{};
  bool pong = false;  ///< It is none of the frame's kinds.
};

/// Reads what a client sends over a WebSocket (RFC 6455), in pieces of any size. Without I/O.
class WebSocketReader {
 public:
  /// `read` is what came already.
  WebSocketReader(std::size_t largest_message, std::string_view read)
      : largest_{largest_message}, bytes_(read.begin(), read.end()), unread_{bytes_} {}
  WebSocketReader(const WebSocketReader&) = delete;
  WebSocketReader& operator=(const WebSocketReader&) = delete;
  ~WebSocketReader() = default;

  /// Messages may be deflated.
  void inflate(const DeflateTerms& terms) { inflater_.emplace(terms); }

  /// Where the next bytes go, when `next` has nothing more. As large as they come fast, up to
  /// `most`.
  std::span<char> room(std::size_t most);
  /// So many have come into the room.
  void came(std::size_t bytes) noexcept;
  /// The next frame, or message, that ends in what came, unless it `wants_room`. A `close` is the
  /// last: the client's, or, where it breaks the protocol, one with the code that tells why.
  std::optional<ReadFrame> next();
  /// What came is not all inflated, for it gets long: `next` goes on when it may.
  [[nodiscard]] bool wants_room() const noexcept { return wants_room_; }

  /// What a message that is not whole takes.
  [[nodiscard]] std::size_t held() const noexcept { return message_.capacity(); }
  /// Of that nothing more is wanted.
  void forget() { message_ = {}; }
  [[nodiscard]] bool within_message() const noexcept { return in_message_ || in_frame_; }

 private:
  /// Of a client that breaks the protocol.
  struct Broken {
    std::uint16_t code;
  };

  /// Whether the header of a frame is here; then it is taken.
  bool begin_frame();
  void check_opcode(unsigned first, unsigned second) const;
  void begin_payload(std::uint64_t size);
  /// Takes of its payload what came.
  void add();
  void unmask(std::span<char> payload);
  /// Takes from `payload` what may be inflated at once.
  void inflate_some(std::string_view& payload);
  [[nodiscard]] ReadFrame control_frame();
  [[nodiscard]] ReadFrame message();

  const std::size_t largest_;
  std::vector<char> bytes_;  ///< What came, and room.
  std::span<char> unread_;   ///< Of these.
  std::size_t came_last_ = 0;
  std::optional<MessageInflater> inflater_;
  std::array<char, 8> mask_{};  ///< Twice.
  std::size_t masked_ = 0;      ///< Bytes of the frame so far.
  std::size_t unmasked_ = 0;    ///< Of the unread: those that are not inflated yet.
  std::uint64_t left_ = 0;      ///< Of its payload.
  unsigned opcode_ = 0;
  bool in_frame_ = false;
  bool ends_ = false;  ///< The frame is the last of its message.
  bool in_message_ = false;
  bool text_ = false;
  bool deflated_ = false;
  bool wants_room_ = false;
  std::string message_;
  std::string control_;
};

}  // namespace hangar
