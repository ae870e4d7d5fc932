#include "websocket/websocket_deflate.hpp"

#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/zlib/error.hpp>
#include <new>

#include "text/number.hpp"

namespace beast = boost::beast;
namespace zlib = beast::zlib;

namespace hangar {
namespace {

/// A block without content, which ends each message and is not sent.
constexpr std::array<char, 4> empty_block{'\0', '\0', '\xFF', '\xFF'};

constexpr int compression_level = 8;

int window_bits(beast::string_view text) {
  return parse_number<int>({text.data(), text.size()}).value_or(15);
}

}  // namespace

std::optional<DeflateTerms> deflate_terms(std::string_view extensions) {
  for (const auto& [name, parameters] :
       beast::http::ext_list{beast::string_view{extensions.data(), extensions.size()}}) {
    if (name != "permessage-deflate") continue;
    DeflateTerms terms;
    for (const auto& [parameter, value] : parameters) {
      if (parameter == "client_max_window_bits") terms.client_window_bits = window_bits(value);
      if (parameter == "server_max_window_bits") terms.server_window_bits = window_bits(value);
      if (parameter == "client_no_context_takeover") terms.client_keeps_context = false;
      if (parameter == "server_no_context_takeover") terms.server_keeps_context = false;
    }
    return terms;
  }
  return std::nullopt;
}

MessageInflater::Became MessageInflater::inflate(std::string_view& bytes, std::string& out,
                                                 std::size_t most) {
  if (!stream_) {
    stream_ = std::make_unique<zlib::inflate_stream>();
    stream_->reset(terms_.client_window_bits);
  }
  std::array<char, 8192> piece;  // not filled with anything, for it is large
  zlib::z_params at;
  at.next_in = bytes.data();
  at.avail_in = bytes.size();
  do {
    at.next_out = piece.data();
    at.avail_out = piece.size();
    beast::error_code failed;
    stream_->write(at, zlib::Flush::sync, failed);
    // It had nothing to do: all is inflated.
    if (failed && failed != zlib::error::need_buffers) return Became::broken;
    out.append(piece.data(), piece.size() - at.avail_out);
    bytes.remove_prefix(bytes.size() - at.avail_in);
    if (failed) return bytes.empty() ? Became::whole : Became::broken;
    if (bytes.empty() && at.avail_out > 0) return Became::whole;
  } while (out.size() <= most);
  return Became::part;
}

bool MessageInflater::end_message(std::string& out, std::size_t most) {
  std::string_view end{empty_block.data(), empty_block.size()};
  const Became became = inflate(end, out, most);
  if (!terms_.client_keeps_context) stream_.reset();
  return became != Became::broken;
}

std::string MessageDeflater::deflate(std::string_view message) {
  if (!stream_) {
    stream_ = std::make_unique<zlib::deflate_stream>();
    stream_->reset(compression_level, terms_.server_window_bits, terms_.memory_level,
                   zlib::Strategy::normal);
  }
  std::string made;
  zlib::z_params at;
  at.next_in = message.data();
  at.avail_in = message.size();
  std::size_t size = 0;
  do {
    // Twice the empty block: one may be left of the message before.
    made.resize(size + stream_->upper_bound(message.size()) + 2 * empty_block.size() + 2);
    at.next_out = made.data() + size;
    at.avail_out = made.size() - size;
    beast::error_code failed;
    stream_->write(at, zlib::Flush::sync, failed);
    if (failed && failed != zlib::error::need_buffers) throw std::bad_alloc{};
    size = made.size() - at.avail_out;
  } while (at.avail_out == 0);
  if (!terms_.server_keeps_context) stream_.reset();
  made.resize(size - empty_block.size());
  return made;
}

}  // namespace hangar
