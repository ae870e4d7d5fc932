#include "http/http_answer.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace hangar {

HttpResponse http_response(HttpReply reply, bool keep_alive) {
  HttpResponse made{static_cast<http::status>(reply.status), 11};
  if (!reply.type.empty()) made.set(http::field::content_type, reply.type);
  made.set(http::field::cache_control, "no-store");
  made.set("X-Content-Type-Options", "nosniff");
  if (!reply.allow.empty()) made.set(http::field::allow, reply.allow);
  for (const auto& [name, value] : reply.headers) made.insert(name, value);
  made.body() = std::move(reply.body);
  made.keep_alive(keep_alive);
  made.prepare_payload();
  return made;
}

bool is_answerable(beast::error_code failed) {
  return !failed ||
         (failed.category() == make_error_code(http::error::bad_method).category() &&
          failed != http::error::end_of_stream && failed != http::error::partial_message);
}

namespace {

asio::awaitable<void> ignore_rest(beast::tcp_stream& stream) {
  constexpr int reads = 4096;  // As long as the stream has time.
  std::array<char, 4096> ignored{};
  boost::system::error_code failed;
  for (int i = 0; i < reads && !failed; ++i) {
    co_await stream.async_read_some(asio::buffer(ignored),
                                    asio::redirect_error(asio::use_awaitable, failed));
  }
}

}  // namespace

asio::awaitable<void> linger(beast::tcp_stream& stream) {
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream.expires_after(std::chrono::seconds{1});
  co_await ignore_rest(stream);
}

asio::awaitable<void> linger(HttpStream& stream) {
  stream.expires_after(std::chrono::seconds{1});
  co_await stream.end_sending();
  co_await ignore_rest(stream.tcp());
}

}  // namespace hangar
