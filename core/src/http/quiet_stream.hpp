#pragma once

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/http_stream.hpp"
#include "http/websocket_wire.hpp"

namespace hangar {

/// What lies between a Beast WebSocket and its connection. Beast answers each ping and each Close
/// within async_read, and has no switch for that (boostorg/beast 1363). Here such an answer is
/// dropped, and counts as sent: the owner sends its own when it is time, past Beast. So Beast goes
/// on reading, and everything else that it writes goes through.
class QuietStream {
 public:
  using next_layer_type = HttpStream;
  using executor_type = next_layer_type::executor_type;

  /// `below` outlives it; `read` was read from it already.
  QuietStream(next_layer_type& below, std::string read) : below_{&below}, read_{std::move(read)} {}

  executor_type get_executor() noexcept { return below_->get_executor(); }
  next_layer_type& next_layer() noexcept { return *below_; }
  const next_layer_type& next_layer() const noexcept { return *below_; }

  /// From now on what is written is frames.
  void opened() noexcept { opened_ = true; }
  /// The code of the Close that Beast wanted to send last; 0 when it had none.
  [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    using Signature = void(boost::beast::error_code, std::size_t);
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, const Buffers& into) {
          if (read_.empty()) {
            below_->async_read_some(into, std::move(handler));
            return;
          }
          const std::size_t copied = boost::asio::buffer_copy(into, boost::asio::buffer(read_));
          read_.erase(0, copied);
          complete(std::move(handler), copied);
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    using Signature = void(boost::beast::error_code, std::size_t);
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, const Buffers& from) {
          if (drops(from)) {
            complete(std::move(handler), boost::asio::buffer_size(from));
          } else {
            // All of it: then a frame begins only where a call does.
            boost::asio::async_write(*below_, from, std::move(handler));
          }
        },
        token, buffers);
  }

 private:
  template <class Buffers>
  bool drops(const Buffers& buffers) {
    if (!opened_) return false;
    std::array<char, 10> first{};  // As long as the longest header of a frame.
    const std::size_t known = boost::asio::buffer_copy(boost::asio::buffer(first), buffers);
    const auto found = frames_.begins_with({first.data(), known});
    if (!found) frames_.goes_by(boost::asio::buffer_size(buffers) - known);
    if (found == ControlFrame::close && known >= 4) {
      close_code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(first[2]) << 8U |
                                               static_cast<unsigned char>(first[3]));
    }
    return found.has_value();
  }

  template <class Handler>
  void complete(Handler handler, std::size_t bytes) {
    boost::asio::post(get_executor(), boost::beast::bind_front_handler(
                                          std::move(handler), boost::beast::error_code{}, bytes));
  }

  next_layer_type* below_;
  std::string read_;
  OutgoingFrames frames_;
  std::uint16_t close_code_ = 0;
  bool opened_ = false;
};

// Beast tears the connection down when it has sent a Close; the owner has not sent its own yet.
inline void teardown(boost::beast::role_type, QuietStream&, boost::beast::error_code& failed) {
  failed = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, QuietStream& stream, Handler&& handler) {
  boost::asio::post(
      stream.get_executor(),
      boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::beast::error_code{}));
}

}  // namespace hangar
