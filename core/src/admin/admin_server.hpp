#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "admin/routes.hpp"

namespace hangar {

/// An HTTP/1.1 server for GET alone, on a thread of its own: it answers also while the event loop
/// of the host is busy. Requests are bounded in size and time, connections in number.
class AdminServer {
 public:
  /// Called on the server's thread for the target of each GET; must not wait for the host's loop.
  using Answer = std::function<AdminReply(std::string_view target)>;
  struct Limits {
    std::size_t connections = 64;  ///< A further one is closed at once.
    std::size_t header_bytes = 8192;
    std::chrono::milliseconds read{5'000};   ///< From the first moment to the end of a request.
    std::chrono::milliseconds write{5'000};  ///< For a whole answer.
  };

  /// Listens when it returns. Throws ConfigError when the address cannot be had.
  AdminServer(const std::string& listen, Answer answer, Limits limits);
  AdminServer(const std::string& listen, Answer answer);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  /// Ends every connection.
  ~AdminServer();

  /// The address that is bound, with the port that was chosen for 0.
  [[nodiscard]] std::string address() const;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

  Answer answer_;
  Limits limits_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  std::size_t connections_ = 0;
  std::thread thread_;
};

}  // namespace hangar
