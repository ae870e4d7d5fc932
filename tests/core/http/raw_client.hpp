#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>

#include "http/listen_address.hpp"

namespace hangar {

/// One connection, over which bytes are sent as they are.
class RawClient {
 public:
  /// To what has an `address()`.
  template <class Server>
  explicit RawClient(const Server& server) {
    socket_.connect(listen_address(server.address(), "the address of the test"));
  }
  RawClient& send(std::string_view text) {
    boost::system::error_code failed;
    boost::asio::write(socket_, boost::asio::buffer(text), failed);
    open_ = !failed;
    return *this;
  }
  /// Whether the last that was sent could be sent.
  [[nodiscard]] bool open() const { return open_; }
  /// Everything until the connection ends.
  std::string all() {
    std::string text;
    boost::system::error_code ended;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(text), ended);
    reset_ = ended == boost::asio::error::connection_reset;
    return text;
  }
  /// How the connection ended.
  [[nodiscard]] bool was_reset() const { return reset_; }
  std::string until(std::string_view end) {
    std::string text;
    boost::system::error_code ended;
    boost::asio::read_until(socket_, boost::asio::dynamic_buffer(text), std::string{end}, ended);
    return text;
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  bool open_ = true;
  bool reset_ = false;
};

}  // namespace hangar
