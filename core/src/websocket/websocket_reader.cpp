#include "websocket/websocket_reader.hpp"

#include <algorithm>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cstring>
#include <string_view>
#include <utility>

#include "text/escape.hpp"

namespace hangar {
namespace {

using Kind = WebSocketFrame::Kind;
using boost::beast::websocket::close_code;

enum Opcode : unsigned { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr unsigned last_bit = 0x80;
constexpr unsigned deflated_bit = 0x40;
constexpr unsigned other_bits = 0x30;
constexpr unsigned mask_bit = 0x80;
constexpr std::uint64_t most_of_control = 125;

constexpr std::size_t least_room = 512;

// As much as is read at once of what is not deflated: a byte may become a thousand.
constexpr std::size_t most_inflated_at_once = 32U << 10U;

bool is_control(unsigned opcode) { return opcode >= close; }

/// Whether a client may send it.
bool is_close_code(unsigned code) {
  if (code >= 3000) return true;
  return code >= 1000 && code <= 1013 && code != close_code::reserved1 &&
         code != close_code::no_status && code != close_code::abnormal;
}

bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

/// The bytes from the first that is not ASCII; most texts have none, or few.
std::string_view behind_ascii(std::string_view bytes) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::array<std::uint64_t, 8> parts;
  for (; bytes.size() >= sizeof parts; bytes.remove_prefix(sizeof parts)) {
    std::memcpy(parts.data(), bytes.data(), sizeof parts);
    std::uint64_t all = 0;
    for (const std::uint64_t part : parts) all |= part;
    if ((all & high_bits) != 0) break;
  }
  bytes.remove_prefix(
      static_cast<std::size_t>(std::ranges::find_if_not(bytes, is_ascii) - bytes.begin()));
  return bytes;
}

bool is_text(std::string_view bytes) {
  // A character that is not ASCII has no byte that is.
  while (!(bytes = behind_ascii(bytes)).empty()) {
    const auto size =
        static_cast<std::size_t>(std::ranges::find_if(bytes, is_ascii) - bytes.begin());
    if (!is_utf8(bytes.substr(0, size))) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace

std::span<char> WebSocketReader::room(std::size_t most) {
  std::size_t size = bytes_.size();
  if (unread_.data() + unread_.size() == bytes_.data() + size) {
    size = std::min(2 * size, most);
  } else if (came_last_ < size / 8) {
    size = 4 * came_last_;
  }
  size = std::max(size, least_room + unread_.size());
  if (size < bytes_.size()) {
    std::vector<char> smaller(size);
    std::ranges::copy(unread_, smaller.begin());
    bytes_ = std::move(smaller);
  } else {
    if (!unread_.empty()) std::memmove(bytes_.data(), unread_.data(), unread_.size());
    bytes_.resize(size);
  }
  unread_ = std::span{bytes_}.first(unread_.size());
  return std::span{bytes_}.subspan(unread_.size());
}

void WebSocketReader::came(std::size_t bytes) noexcept {
  came_last_ = bytes;
  unread_ = {unread_.data(), unread_.size() + bytes};
}

std::optional<ReadFrame> WebSocketReader::next() try {
  wants_room_ = false;
  while (in_frame_ || begin_frame()) {
    add();
    if (wants_room_ || left_ > 0) return std::nullopt;
    in_frame_ = false;
    if (is_control(opcode_)) return control_frame();
    in_message_ = !ends_;
    if (ends_) return message();
  }
  return std::nullopt;
} catch (const Broken& broken) {
  ReadFrame told;
  told.frame.code = broken.code;
  return told;
}

bool WebSocketReader::begin_frame() {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(unread_[at]); };
  if (unread_.size() < 2) return false;
  check_opcode(byte(0), byte(1));
  std::uint64_t size = byte(1) & ~mask_bit;
  const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
  const std::size_t header = 2 + extended + 4;
  if (unread_.size() < header) return false;
  if (extended > 0) {
    const std::uint64_t least = extended == 2 ? 126 : 65'536;
    size = 0;
    for (std::size_t i = 0; i < extended; ++i) size = size << 8U | byte(2 + i);
    if (size < least) throw Broken{close_code::protocol_error};
  }
  opcode_ = byte(0) & 0xFU;
  ends_ = (byte(0) & last_bit) != 0;
  if (opcode_ == text || opcode_ == binary) {
    text_ = opcode_ == text;
    deflated_ = (byte(0) & deflated_bit) != 0;
  }
  std::memcpy(mask_.data(), unread_.data() + header - 4, 4);
  std::memcpy(mask_.data() + 4, mask_.data(), 4);
  unread_ = unread_.subspan(header);
  begin_payload(size);
  return true;
}

void WebSocketReader::check_opcode(unsigned first, unsigned second) const {
  const unsigned opcode = first & 0xFU;
  bool allowed = (second & mask_bit) != 0 && (first & other_bits) == 0;
  if (is_control(opcode)) {
    allowed &= opcode <= pong && (first & last_bit) != 0 &&
               (second & ~mask_bit) <= most_of_control && (first & deflated_bit) == 0;
  } else if (opcode == continuation) {
    allowed &= in_message_ && (first & deflated_bit) == 0;
  } else {
    allowed &= opcode <= binary && !in_message_ && ((first & deflated_bit) == 0 || inflater_);
  }
  if (!allowed) throw Broken{close_code::protocol_error};
}

void WebSocketReader::begin_payload(std::uint64_t size) {
  const bool too_large =
      !is_control(opcode_) && !deflated_ && size > largest_ - std::min(largest_, message_.size());
  if (too_large) throw Broken{close_code::too_big};
  left_ = size;
  masked_ = 0;
  in_frame_ = true;
}

void WebSocketReader::add() {
  const std::size_t size = std::min<std::uint64_t>(left_, unread_.size());
  unmask(unread_.first(size).subspan(unmasked_));
  std::string_view payload{unread_.data(), size};
  if (!is_control(opcode_) && deflated_) {
    inflate_some(payload);
  } else {
    (is_control(opcode_) ? control_ : message_) += std::exchange(payload, {});
  }
  unmasked_ = payload.size();
  unread_ = unread_.subspan(size - unmasked_);
  left_ -= size - unmasked_;
}

void WebSocketReader::unmask(std::span<char> payload) {
  std::array<char, 8> mask;
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = mask_[(masked_ + i) % 4];
  masked_ += payload.size();
  std::uint64_t eight = 0;
  std::memcpy(&eight, mask.data(), sizeof eight);
  std::size_t at = 0;
  for (; at + sizeof eight <= payload.size(); at += sizeof eight) {
    std::uint64_t part = 0;
    std::memcpy(&part, payload.data() + at, sizeof part);
    part ^= eight;
    std::memcpy(payload.data() + at, &part, sizeof part);
  }
  for (; at < payload.size(); ++at) payload[at] = static_cast<char>(payload[at] ^ mask[at % 8]);
}

void WebSocketReader::inflate_some(std::string_view& payload) {
  const std::size_t most = std::min(largest_, message_.size() + most_inflated_at_once);
  const auto became = inflater_->inflate(payload, message_, most);
  if (became == MessageInflater::Became::broken) throw Broken{close_code::protocol_error};
  if (message_.size() > largest_) throw Broken{close_code::too_big};
  wants_room_ = became == MessageInflater::Became::part;
}

ReadFrame WebSocketReader::control_frame() {
  ReadFrame read;
  read.pong = opcode_ == pong;
  std::string payload = std::exchange(control_, {});
  if (opcode_ != close) {
    read.frame.kind = Kind::ping;
    read.frame.data = std::move(payload);
  } else if (!payload.empty()) {
    if (payload.size() < 2) throw Broken{close_code::protocol_error};
    const unsigned code =
        static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
    read.frame.data = payload.substr(2);
    if (!is_close_code(code) || !is_text(read.frame.data)) {
      throw Broken{close_code::protocol_error};
    }
    read.frame.code = static_cast<std::uint16_t>(code);
  }
  return read;
}

ReadFrame WebSocketReader::message() {
  if (deflated_) {
    if (!inflater_->end_message(message_, largest_)) throw Broken{close_code::protocol_error};
    if (message_.size() > largest_) throw Broken{close_code::too_big};
  }
  if (text_ && !is_text(message_)) throw Broken{close_code::bad_payload};
  ReadFrame read;
  read.frame.kind = text_ ? Kind::text : Kind::binary;
  read.frame.data = std::exchange(message_, {});
  return read;
}

}  // namespace hangar
