#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/http_stream.hpp"

namespace hangar {

// What is done alike to the connection of a client, with TLS or without, and to that of a server.
// The caller keeps streams, buffers and bytes alive.

inline std::string_view bytes_in(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

/// Connects to the first that can be connected to; each has its part of the time. Ends when
/// `given_up` is set: then close the stream.
inline boost::asio::awaitable<boost::beast::error_code> connect_to_any(
    boost::beast::tcp_stream& stream, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints,
    std::chrono::milliseconds within, const bool& given_up) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + within;
  auto left = static_cast<int>(endpoints.size());
  boost::beast::error_code failed = boost::asio::error::host_not_found;
  for (const auto& endpoint : endpoints) {
    if (given_up) break;
    stream.close();
    stream.expires_after((deadline - Clock::now()) / left--);
    co_await stream.async_connect(endpoint,
                                  boost::asio::redirect_error(boost::asio::use_awaitable, failed));
    if (!failed) break;
  }
  if (given_up) failed = boost::asio::error::operation_aborted;
  co_return failed;
}

enum class Pending : std::uint8_t { nothing, something, end };

/// What lies at a socket.
inline Pending pending(boost::asio::ip::tcp::socket& socket) {
  char byte = 0;
  const auto came = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (came > 0) return Pending::something;
  const bool waits = came < 0 && (errno == EAGAIN || errno == EINTR);
  return waits ? Pending::nothing : Pending::end;
}

/// Appends what came, within the time that the stream has.
template <class Stream>
boost::asio::awaitable<boost::beast::error_code> read_piece(Stream& from,
                                                            boost::beast::flat_buffer& buffer,
                                                            std::size_t most) {
  const std::size_t room = std::min(most, buffer.max_size() - buffer.size());
  boost::beast::error_code failed;
  const std::size_t came = co_await from.async_read_some(
      buffer.prepare(room), boost::asio::redirect_error(boost::asio::use_awaitable, failed));
  buffer.commit(came);
  co_return failed;
}

/// Whether all was written; each piece that the other side takes has the time.
template <class Stream>
boost::asio::awaitable<bool> write_pieces(Stream& to, std::string_view bytes,
                                          std::chrono::milliseconds within) {
  boost::beast::error_code failed;
  while (!bytes.empty() && !failed) {
    to.expires_after(within);
    bytes.remove_prefix(co_await to.async_write_some(
        boost::asio::buffer(bytes),
        boost::asio::redirect_error(boost::asio::use_awaitable, failed)));
  }
  co_return !failed;
}

/// Tells the other side that nothing more comes.
inline boost::asio::awaitable<void> end_sending(boost::beast::tcp_stream& stream) {
  boost::beast::error_code ignored;
  stream.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  co_return;
}
inline boost::asio::awaitable<void> end_sending(HttpStream& stream) { return stream.end_sending(); }

}  // namespace hangar
