#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace hangar {

/// The connection of a client: in the clear, or by TLS when there is a context for it.
class HttpStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  explicit HttpStream(boost::asio::ip::tcp::socket socket,
                      std::shared_ptr<boost::asio::ssl::context> context = nullptr)
      : context_{std::move(context)}, below_{std::move(socket)} {
    if (context_) tls_.emplace(below_, *context_);
  }
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  ~HttpStream() = default;

  executor_type get_executor() noexcept { return below_.get_executor(); }
  /// What carries it.
  boost::beast::tcp_stream& tcp() noexcept { return below_; }
  boost::asio::ip::tcp::socket& socket() noexcept { return below_.socket(); }
  const boost::asio::ip::tcp::socket& socket() const noexcept { return below_.socket(); }
  [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }

  // As those of beast::tcp_stream.
  void expires_after(std::chrono::nanoseconds time) { below_.expires_after(time); }
  void expires_never() { below_.expires_never(); }
  void close() { below_.close(); }
  friend void beast_close_socket(HttpStream& stream) { stream.close(); }

  /// Whether both sides speak TLS now; at once without it.
  boost::asio::awaitable<bool> handshake(std::chrono::milliseconds within);
  /// Tells the client that nothing more comes.
  boost::asio::awaitable<void> end_sending();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, const Buffers& into) {
          if (tls_) {
            tls_->async_read_some(into, std::move(handler));
          } else {
            below_.async_read_some(into, std::move(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, const Buffers& from) {
          if (tls_) {
            tls_->async_write_some(from, std::move(handler));
          } else {
            below_.async_write_some(from, std::move(handler));
          }
        },
        token, buffers);
  }

 private:
  using Signature = void(boost::beast::error_code, std::size_t);

  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::beast::tcp_stream below_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace hangar
