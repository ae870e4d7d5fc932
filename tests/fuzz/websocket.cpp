// What a client sends over a WebSocket: the same frames in pieces of any size, no larger than they
// may be, and texts are UTF-8. Of the first byte, the lowest bit tells whether messages may be
// deflated, the others the size of the pieces.
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "websocket/websocket_reader.hpp"

namespace {

using hangar::ReadFrame;
using Kind = hangar::WebSocketFrame::Kind;

constexpr std::size_t largest = 20'000;
constexpr std::size_t most_room = 4096;

void require(bool law) {
  if (!law) __builtin_trap();
}

/// Whether anything may follow.
bool goes_on(const ReadFrame& read) { return read.pong || read.frame.kind != Kind::close; }

void check(const ReadFrame& read) {
  const std::string& data = read.frame.data;
  const bool message = read.frame.kind == Kind::text || read.frame.kind == Kind::binary;
  require(data.size() <= (message ? largest : 125));
  require(read.frame.kind != Kind::text || simdjson::validate_utf8(data));
  require(goes_on(read) || read.frame.code == 0 || read.frame.code >= 1000);
}

std::vector<ReadFrame> frames_of(std::string_view bytes, std::size_t piece, bool deflate) {
  hangar::WebSocketReader reader{largest, bytes.substr(0, piece)};
  if (deflate) reader.inflate({.client_window_bits = 12, .server_window_bits = 12});
  bytes.remove_prefix(std::min(piece, bytes.size()));
  std::vector<ReadFrame> frames;
  while (true) {
    while (auto read = reader.next()) {
      check(*read);
      frames.push_back(std::move(*read));
      if (!goes_on(frames.back())) return frames;
    }
    require(reader.held() <= 4 * largest);
    if (reader.wants_room()) continue;
    if (bytes.empty()) return frames;
    const auto room = reader.room(most_room);
    const std::size_t size = std::min({room.size(), piece, bytes.size()});
    std::copy_n(bytes.begin(), size, room.begin());
    reader.came(size);
    bytes.remove_prefix(size);
  }
}

bool same(const ReadFrame& one, const ReadFrame& other) {
  return one.pong == other.pong && one.frame.kind == other.frame.kind &&
         one.frame.data == other.frame.data && one.frame.code == other.frame.code;
}

/// How many frames come before a Close.
std::size_t before_close(const std::vector<ReadFrame>& frames) {
  return frames.size() - (frames.empty() || goes_on(frames.back()) ? 0 : 1);
}

void compare(const std::vector<ReadFrame>& whole, const std::vector<ReadFrame>& pieces,
             bool deflate) {
  if (!deflate) return require(std::ranges::equal(whole, pieces, same));
  // Whether a distance beyond the window is met depends on the pieces, as in zlib.
  const auto frames =
      static_cast<std::ptrdiff_t>(std::min(before_close(whole), before_close(pieces)));
  require(std::equal(whole.begin(), whole.begin() + frames, pieces.begin(), same));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool deflate = (data[0] & 1U) != 0;
  const std::size_t piece = 1 + data[0] / 2U;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = frames_of(bytes, bytes.size() + 1, deflate);
  const auto pieces = frames_of(bytes, piece, deflate);
  compare(whole, pieces, deflate);
  return 0;
}
