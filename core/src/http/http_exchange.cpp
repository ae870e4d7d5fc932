#include "http/http_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cctype>
#include <stdexcept>

#include "http/http_answer.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

bool is_control(char byte) { return static_cast<unsigned char>(byte) < ' '; }

void check_answer(unsigned status, std::string_view type, std::string_view body) {
  if (status < 200 || status > 599) {
    throw std::logic_error{fmt::format("{} is no status to respond with", status)};
  }
  if ((status == 204 || status == 304) && !body.empty()) {
    throw std::logic_error{fmt::format("an answer of status {} has no body", status)};
  }
  if (std::ranges::any_of(type, is_control)) {
    throw std::logic_error{"a Content-Type has no control characters"};
  }
}

}  // namespace

HttpExchange::HttpExchange(std::shared_ptr<HttpConnection> connection,
                           HttpConnection::Request request, HttpConnection::Body body)
    : connection_{std::move(connection)},
      unanswered_{std::make_unique<HttpConnection::Unanswered>(connection_)},
      request_{std::make_shared<HttpConnection::Request>(std::move(request))},
      body_{std::move(body)} {}

std::string_view HttpExchange::method() const noexcept { return view(request_->method_string()); }
std::string_view HttpExchange::target() const noexcept { return view(request_->target()); }

std::string_view HttpExchange::header(std::string_view name) const {
  return view((*request_)[boost::beast::string_view{name.data(), name.size()}]);
}

asio::awaitable<void> HttpExchange::respond(unsigned status, std::string type, std::string body) {
  connection_->check_thread("Exchange::respond");
  check_answer(status, type, body);
  if (!unanswered_) throw std::logic_error{"this exchange has its answer already"};
  HttpReply reply;
  reply.status = status;
  reply.type = std::move(type);
  reply.body = std::move(body);
  reply.headers = std::move(headers_);
  // A client that does not read its answer holds no room of others.
  request_->body() = std::string{};
  body_.reset();
  // The last of the exchange, which may be gone before all is sent.
  co_await connection_->answer(std::move(unanswered_), reply);
}

void HttpExchange::add_header(std::string name, std::string value) {
  const auto is_token = [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '-';
  };
  if (name.empty() || !std::ranges::all_of(name, is_token) ||
      std::ranges::any_of(value, [](char byte) { return byte != '\t' && is_control(byte); })) {
    throw std::logic_error{fmt::format("'{}' with this value is no header", name)};
  }
  headers_.emplace_back(std::move(name), std::move(value));
}

bool HttpExchange::wants_websocket() const {
  return boost::beast::websocket::is_upgrade(*request_);
}

asio::awaitable<std::unique_ptr<WebSocket>> HttpExchange::upgrade(WebSocketOptions options) {
  connection_->check_thread("Exchange::upgrade");
  if (!wants_websocket()) throw std::logic_error{"the client did not ask for a WebSocket"};
  if (!unanswered_) throw std::logic_error{"this exchange has its answer already"};
  co_return co_await connection_->upgrade(std::move(unanswered_), request_, std::move(options));
}

}  // namespace hangar
