#include "http/http_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace hangar {

asio::awaitable<bool> HttpStream::handshake(std::chrono::milliseconds within) {
  boost::beast::error_code failed;
  if (tls_) {
    below_.expires_after(within);
    co_await tls_->async_handshake(asio::ssl::stream_base::server,
                                   asio::redirect_error(asio::use_awaitable, failed));
  }
  co_return !failed;
}

asio::awaitable<void> HttpStream::end_sending() {
  boost::beast::error_code ignored;
  if (tls_) {
    // It waits for the same of the client too, as long as the stream has.
    co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  below_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace hangar
