#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hangar/listener.hpp"
#include "http/http_connection.hpp"

namespace hangar {

/// A request of a connection that was given away. For the strand of its listener.
class HttpExchange final : public Exchange {
 public:
  HttpExchange(std::shared_ptr<HttpConnection> connection, HttpConnection::Request request,
               HttpConnection::Body body);

  [[nodiscard]] std::string_view method() const noexcept override;
  [[nodiscard]] std::string_view target() const noexcept override;
  [[nodiscard]] std::string_view header(std::string_view name) const override;
  [[nodiscard]] const std::string& body() const noexcept override { return request_->body(); }
  [[nodiscard]] std::string peer() const override { return connection_->peer(); }
  void add_header(std::string name, std::string value) override;
  boost::asio::awaitable<void> respond(unsigned status, std::string type,
                                       std::string body) override;
  [[nodiscard]] bool wants_websocket() const override;
  boost::asio::awaitable<std::unique_ptr<WebSocket>> upgrade(WebSocketOptions options) override;

 private:
  std::shared_ptr<HttpConnection> connection_;
  std::unique_ptr<HttpConnection::Unanswered> unanswered_;  ///< Null when it has its answer.
  std::shared_ptr<HttpConnection::Request> request_;
  HttpConnection::Body body_;
  std::vector<std::pair<std::string, std::string>> headers_;  ///< Of the answer.
};

}  // namespace hangar
