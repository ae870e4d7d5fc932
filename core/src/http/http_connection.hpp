#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hangar/event.hpp"
#include "hangar/listener.hpp"
#include "http/body_room.hpp"
#include "http/http_head.hpp"
#include "http/http_listener.hpp"
#include "http/http_relay.hpp"
#include "http/http_server.hpp"
#include "http/http_stream.hpp"
#include "http/tls_files.hpp"
#include "http/websocket_connection.hpp"

namespace hangar {

/// One connection of a listener: reads a request, waits for its answer, reads the next. What its
/// coroutines need of the exchange they own, for that may be gone before they end.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  /// The room of a request's.
  using Body = std::unique_ptr<BodyRoom::Share>;

  HttpConnection(boost::asio::ip::tcp::socket socket, TlsFiles::Context tls,
                 std::shared_ptr<HttpListener> listener);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  /// Returns when the connection has ended. The caller keeps this alive until then.
  boost::asio::awaitable<void> serve();
  /// Gives the request away that was read.
  std::unique_ptr<Exchange> give();
  /// What was given away may be answered; nothing else is.
  void stop();
  /// Ends at once.
  void abort();

  // For the exchange.
  /// Throws std::logic_error for a call of a service on another thread.
  void check_thread(std::string_view call) const;
  /// The request that was given away has no answer. Destroyed so, it is answered 500.
  class Unanswered;
  /// Takes what the reply has.
  boost::asio::awaitable<void> answer(std::unique_ptr<Unanswered> unanswered, HttpReply& reply);
  /// Null when the client is gone.
  boost::asio::awaitable<std::unique_ptr<WebSocket>> upgrade(std::unique_ptr<Unanswered> unanswered,
                                                             std::shared_ptr<const Request> request,
                                                             WebSocketOptions options);
  [[nodiscard]] std::string peer() const;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Stage {
    idle,
    reading,
    passing,
    queued,
    given,
    answering,
    upgraded,
    answered,
    dropped,
    refused
  };

  class Upgraded;

  boost::asio::awaitable<void> serve_requests();
  boost::asio::awaitable<bool> first_byte();
  /// The head of a request, which lies at the beginning of what was read.
  boost::asio::awaitable<HttpHead> read_head();
  /// Zero when it has come, else the status of the refusal.
  [[nodiscard]] unsigned status_of(const HttpHead& head) const;
  boost::asio::awaitable<void> pass_on(const HttpHead& head);
  /// Zero when the request is here, else the status of the refusal; `gone` when there is nobody.
  boost::asio::awaitable<unsigned> read(Parser& parser, BodyRoom::Share& body);
  boost::asio::awaitable<void> answered();
  boost::asio::awaitable<void> write(HttpReply& reply, bool keep_alive);

  static constexpr unsigned gone = 1;
  std::shared_ptr<HttpListener> listener_;
  HttpStream stream_;
  boost::beast::flat_buffer buffer_;
  Condition turn_;
  Stage stage_ = Stage::idle;
  std::unique_ptr<std::pair<Request, Body>> request_;  ///< Read, and not given away.
  std::weak_ptr<WebSocketConnection> websocket_;       ///< What it has become.
  std::shared_ptr<HttpRelay> relay_;                   ///< Once something was passed on.
  bool keep_alive_ = true;
  bool head_ = false;  ///< The request was HEAD.
  bool broken_ = false;
};

class HttpConnection::Unanswered {
 public:
  explicit Unanswered(std::shared_ptr<HttpConnection> connection);
  Unanswered(const Unanswered&) = delete;
  Unanswered& operator=(const Unanswered&) = delete;
  ~Unanswered();

 private:
  std::shared_ptr<HttpConnection> connection_;
};

}  // namespace hangar
