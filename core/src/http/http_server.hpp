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
#include <utility>
#include <vector>

namespace hangar {

struct HttpReply {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow{};  ///< Which methods there are, when the status is 405.
  std::vector<std::pair<std::string, std::string>> headers{};  ///< Others.
};

struct HttpLimits {
  std::size_t connections = 64;  ///< A further one is closed at once.
  std::size_t header_bytes = 8192;
  std::chrono::milliseconds read{5'000};   ///< From the first moment to the end of a request.
  std::chrono::milliseconds write{5'000};  ///< For a whole answer.
};

/// An HTTP/1.1 server on a thread of its own: it answers also while the event loop of the host is
/// busy. It knows no paths. Headers are bounded in size, requests and answers in time, connections
/// in number. No body is read: GET and HEAD with one are answered 413, and after any request with
/// one the connection ends.
class HttpServer {
 public:
  /// Called on the server's thread for each request; must not wait for the host's loop. What it
  /// answers to HEAD is what it would answer to GET: the server leaves the body out.
  using Answer = std::function<HttpReply(std::string_view method, std::string_view target)>;

  /// Listens when it returns. Throws ConfigError, which names the setting, when the address cannot
  /// be had.
  HttpServer(std::string_view setting, const std::string& address, Answer answer,
             HttpLimits limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Ends every connection.
  ~HttpServer();

  /// The address that is bound, with the port that was chosen for 0.
  [[nodiscard]] std::string address() const;

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

  Answer answer_;
  HttpLimits limits_;
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  std::size_t connections_ = 0;
  std::thread thread_;
};

}  // namespace hangar
