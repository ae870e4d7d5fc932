// Heads of requests and answers, and the end of what comes behind them.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "http/http_head.hpp"

namespace {

void require(bool law) {
  if (!law) __builtin_trap();
}

bool is_same_body(const hangar::HttpHead& one, const hangar::HttpHead& other) {
  return one.framing.kind == other.framing.kind && one.framing.length == other.framing.length &&
         one.keep_alive == other.keep_alive && one.upgrade == other.upgrade;
}

/// A body ends at one place, in whatever pieces it comes.
void check_end(const hangar::HttpFraming& framing, std::string_view bytes, std::size_t piece) {
  hangar::HttpBodyEnd whole{framing};
  hangar::HttpBodyEnd pieces{framing};
  const std::size_t size = whole.take(bytes);
  require(size <= bytes.size() && !(whole.reached() && whole.wrong()));
  std::size_t taken = 0;
  while (taken < bytes.size() && !pieces.reached() && !pieces.wrong()) {
    taken += pieces.take(bytes.substr(taken, piece));
  }
  require(taken == size && pieces.reached() == whole.reached() && pieces.wrong() == whole.wrong());
}

/// Beast reads the requests that are not passed on. What it takes, it must take for the same: else
/// a request could be hidden in another one.
void check_with_beast(const hangar::HttpHead& head, std::string_view text) {
  using Kind = hangar::HttpFraming::Kind;
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  boost::beast::error_code refused;
  const std::size_t size = parser.put(boost::asio::buffer(text.data(), text.size()), refused);
  if (refused) return;
  require(parser.is_header_done() && size == text.size());
  require(parser.get().method_string() == head.method && parser.get().target() == head.target);
  require(parser.chunked() == (head.framing.kind == Kind::chunked));
  require(parser.content_length().value_or(0) == head.framing.length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 8U;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const hangar::HttpHead answer = hangar::read_answer_head(text, piece == 1);
  if (answer.size > 0 && answer.problem.empty()) {
    check_end(answer.framing, text.substr(answer.size), piece);
  }
  const hangar::HttpHead head = hangar::read_request_head(text);
  if (head.size == 0 || !head.problem.empty()) return 0;
  require(text.substr(0, head.size).ends_with("\r\n\r\n"));
  require(hangar::read_request_head(text.substr(0, head.size - 1)).size == 0);
  check_end(head.framing, text.substr(head.size), piece);
  check_with_beast(head, text.substr(0, head.size));
  // What is told of the way changes nothing else.
  const std::string told = hangar::forwarded_head(text.substr(0, head.size), "127.0.0.1");
  const hangar::HttpHead again = hangar::read_request_head(told);
  require(again.problem.empty() && again.size == told.size() && is_same_body(head, again));
  require(again.method == head.method && again.target == head.target);
  return 0;
}
