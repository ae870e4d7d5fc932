#include "http/http_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "async/runs_on.hpp"
#include "http/http_answer.hpp"
#include "http/http_exchange.hpp"
#include "http/http_pieces.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace hangar {
namespace {

using Clock = std::chrono::steady_clock;

HttpReply refusal(unsigned status, std::size_t largest_body, std::string_view problem = {}) {
  HttpReply reply;
  reply.status = status;
  switch (status) {
    case 413:
      reply.body = fmt::format("the body is larger than {} bytes\n", largest_body);
      break;
    case 431:
      reply.body = "the header is too large\n";
      break;
    case 500:
      reply.body = "the request failed\n";
      break;
    case 503:
      reply.body = "busy or stopping; try again\n";
      break;
    default:
      reply.body = "this is no HTTP request";
      if (!problem.empty()) reply.body += fmt::format(": {}", problem);
      reply.body += '\n';
  }
  return reply;
}

unsigned status_of_failure(beast::error_code failed) {
  if (failed == http::error::header_limit) return 431;
  return failed == http::error::body_limit ? 413 : 400;
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, TlsFiles::Context tls,
                               std::shared_ptr<HttpListener> listener)
    : listener_{std::move(listener)},
      stream_{std::move(socket), std::move(tls)},
      buffer_{listener_->limits_.header_bytes + 1024},
      turn_{listener_->executor_} {
  listener_->connections_.insert(this);
}

HttpConnection::~HttpConnection() {
  listener_->connections_.erase(this);
  listener_->changed_.wake_all();
}

asio::awaitable<void> HttpConnection::serve() {
  const bool open = co_await stream_.handshake(listener_->limits_.handshake);
  if (open) co_await serve_requests();
  // Whoever still waits for something of the client waits no more.
  stream_.close();
}

asio::awaitable<void> HttpConnection::serve_requests() {
  while (keep_alive_) {
    stage_ = Stage::idle;
    if (listener_->stopping_ || !co_await first_byte()) co_return;
    stage_ = Stage::reading;
    const HttpHead head = co_await read_head();
    if (broken_) co_return;
    if (const unsigned status = status_of(head); status != 0) {
      HttpReply refused = refusal(status, listener_->largest_body_, head.problem);
      co_await write(refused, false);
      break;
    }
    if (listener_->passes_on(head.path())) {
      co_await pass_on(head);
      continue;
    }
    Parser parser;
    auto body = std::make_unique<BodyRoom::Share>(listener_->body_room_, [this] { abort(); });
    const unsigned status = co_await read(parser, *body);
    body->end_growing();
    if (status == gone) co_return;
    head_ = parser.get().method() == http::verb::head;
    if (status != 0) {
      HttpReply refused = refusal(status, listener_->largest_body_);
      co_await write(refused, false);
      break;
    }
    // The answers are of HTTP/1.1, which keeps a connection without a word.
    keep_alive_ = parser.keep_alive() && parser.get().version() == 11;
    request_ = std::make_unique<std::pair<Request, Body>>(parser.release(), std::move(body));
    co_await answered();
  }
  if (!broken_) co_await linger(stream_);
}

// The time of a request begins with it: a client that keeps its connection open may take the whole.
asio::awaitable<bool> HttpConnection::first_byte() {
  if (buffer_.size() > 0) co_return true;
  stream_.expires_after(listener_->limits_.idle);
  beast::error_code failed;
  const std::size_t came = co_await stream_.async_read_some(
      buffer_.prepare(1024), asio::redirect_error(asio::use_awaitable, failed));
  buffer_.commit(came);
  co_return !failed;
}

asio::awaitable<HttpHead> HttpConnection::read_head() {
  constexpr std::string_view empty_line = "\r\n";
  const ListenerLimits& limits = listener_->limits_;
  stream_.expires_after(limits.read);
  while (true) {
    // Some clients end a body with one too many.
    while (bytes_in(buffer_).starts_with(empty_line)) buffer_.consume(empty_line.size());
    const HttpHead head = read_request_head(bytes_in(buffer_));
    if (head.size > 0 || !head.problem.empty() || buffer_.size() > limits.header_bytes)
      co_return head;
    beast::error_code failed;
    const std::size_t came = co_await stream_.async_read_some(
        buffer_.prepare(std::min<std::size_t>(4096, buffer_.max_size() - buffer_.size())),
        asio::redirect_error(asio::use_awaitable, failed));
    buffer_.commit(came);
    if (!failed) continue;
    broken_ = true;
    co_return head;
  }
}

unsigned HttpConnection::status_of(const HttpHead& head) const {
  if (!head.problem.empty()) return 400;
  return head.size == 0 || head.size > listener_->limits_.header_bytes ? 431 : 0;
}

asio::awaitable<void> HttpConnection::pass_on(const HttpHead& head) {
  stage_ = Stage::passing;
  head_ = head.method == "HEAD";
  if (!relay_) {
    relay_ =
        std::make_shared<HttpRelay>(stream_, buffer_, listener_->passes_on_, listener_->addresses_,
                                    listener_->limits_, listener_->passed_);
  }
  const HttpRelay::Passed passed = co_await relay_->pass(shared_from_this(), head);
  keep_alive_ = keep_alive_ && passed.goes_on;
  broken_ = broken_ || passed.broken;
  if (!passed.problem.empty()) listener_->tell_unanswered(passed.problem);
  if (keep_alive_ && buffer_.size() == 0) buffer_.shrink_to_fit();
}

asio::awaitable<unsigned> HttpConnection::read(Parser& parser, BodyRoom::Share& body) {
  const ListenerLimits& limits = listener_->limits_;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(listener_->largest_body_);
  beast::error_code failed;
  co_await http::async_read_header(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, failed));
  if (!failed && !parser.is_done() &&
      beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(stream_, asio::buffer(go_on),
                               asio::redirect_error(asio::use_awaitable, failed));
  }
  while (!failed && !parser.is_done()) {
    co_await http::async_read_some(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, failed));
    if (broken_) co_return gone;
    if (!body.grow_to(parser.get().body().size())) co_return 503;
  }
  if (!failed) co_return 0;
  co_return is_answerable(failed) ? status_of_failure(failed) : gone;
}

asio::awaitable<void> HttpConnection::answered() {
  stage_ = Stage::queued;
  if (listener_->stopping_) {
    stage_ = Stage::refused;
  } else {
    listener_->requests_.push_back(this);
    listener_->changed_.wake_all();
  }
  const auto deadline = Clock::now() + listener_->limits_.waiting;
  while (stage_ == Stage::queued && Clock::now() < deadline) co_await turn_.wait_until(deadline);
  if (stage_ == Stage::queued) {
    std::erase(listener_->requests_, this);
    stage_ = Stage::refused;
  }
  while (stage_ == Stage::given || stage_ == Stage::answering || stage_ == Stage::upgraded) {
    co_await turn_.wait();
  }
  request_.reset();
  if (stage_ == Stage::answered) co_return;
  keep_alive_ = false;
  HttpReply reply = refusal(stage_ == Stage::dropped ? 500 : 503, listener_->largest_body_);
  co_await write(reply, false);
}

asio::awaitable<void> HttpConnection::write(HttpReply& reply, bool keep_alive) {
  const bool without_body = reply.status == 204 || reply.status == 304;
  HttpResponse response = http_response(std::move(reply), keep_alive);
  // HTTP has none here.
  if (without_body) response.erase(http::field::content_length);
  if (head_) response.body().clear();
  stream_.expires_after(listener_->limits_.write);
  beast::error_code failed;
  co_await http::async_write(stream_, response, asio::redirect_error(asio::use_awaitable, failed));
  if (!failed) co_return;
  broken_ = true;
  keep_alive_ = false;
  stream_.close();
}

std::unique_ptr<Exchange> HttpConnection::give() {
  stage_ = Stage::given;
  turn_.wake_all();
  auto request = std::move(request_);
  return std::make_unique<HttpExchange>(shared_from_this(), std::move(request->first),
                                        std::move(request->second));
}

void HttpConnection::check_thread(std::string_view call) const {
  check_runs_on(listener_->executor_, call);
}

HttpConnection::Unanswered::Unanswered(std::shared_ptr<HttpConnection> connection)
    : connection_{std::move(connection)} {
  ++connection_->listener_->unanswered_;
}

HttpConnection::Unanswered::~Unanswered() {
  if (connection_->stage_ == Stage::answering) connection_->abort();  // A half of it may be sent.
  if (connection_->stage_ != Stage::answered) connection_->stage_ = Stage::dropped;
  connection_->turn_.wake_all();
  --connection_->listener_->unanswered_;
  connection_->listener_->changed_.wake_all();
}

asio::awaitable<void> HttpConnection::answer(std::unique_ptr<Unanswered> unanswered,
                                             HttpReply& reply) {
  const auto until_sent = std::move(unanswered);
  stage_ = Stage::answering;
  if (listener_->stopping_) keep_alive_ = false;
  if (!broken_) co_await write(reply, keep_alive_);
  stage_ = Stage::answered;
}

/// As long as a service has the WebSocket.
class HttpConnection::Upgraded {
 public:
  Upgraded(std::shared_ptr<HttpConnection> connection, std::unique_ptr<Unanswered> unanswered)
      : connection_{std::move(connection)}, unanswered_{std::move(unanswered)} {
    connection_->stage_ = Stage::upgraded;
  }
  Upgraded(const Upgraded&) = delete;
  Upgraded& operator=(const Upgraded&) = delete;
  ~Upgraded() {
    connection_->abort();
    connection_->stage_ = Stage::answered;
  }

 private:
  std::shared_ptr<HttpConnection> connection_;
  std::unique_ptr<Unanswered> unanswered_;
};

asio::awaitable<std::unique_ptr<WebSocket>> HttpConnection::upgrade(
    std::unique_ptr<Unanswered> unanswered, std::shared_ptr<const Request> request,
    WebSocketOptions options) {
  const auto upgraded = std::make_shared<Upgraded>(shared_from_this(), std::move(unanswered));
  std::string read(buffer_.size(), '\0');
  asio::buffer_copy(asio::buffer(read), buffer_.data());
  buffer_.clear();
  buffer_.shrink_to_fit();
  const WebSocketConnection::Bounds bounds{listener_->limits_.read, listener_->limits_.write,
                                           listener_->message_room_};
  const auto socket = std::make_shared<WebSocketConnection>(stream_, shared_from_this(), read,
                                                            std::move(options), bounds);
  websocket_ = socket;
  if (!co_await socket->accept(*request)) co_return nullptr;
  if (listener_->stopping_) socket->stop();
  co_return std::make_unique<HttpWebSocket>(socket, upgraded, listener_->executor_);
}

std::string HttpConnection::peer() const {
  beast::error_code failed;
  const auto endpoint = stream_.socket().remote_endpoint(failed);
  if (failed) return "unknown";
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

void HttpConnection::stop() {
  if (stage_ == Stage::idle || stage_ == Stage::reading) abort();
  if (const auto socket = websocket_.lock()) socket->stop();
  if (stage_ == Stage::passing) {
    keep_alive_ = false;
    relay_->stop();
  }
  if (stage_ != Stage::queued) return;
  stage_ = Stage::refused;
  turn_.wake_all();
}

void HttpConnection::abort() {
  broken_ = true;
  keep_alive_ = false;
  stream_.close();
  if (const auto socket = websocket_.lock()) socket->abort();
  if (relay_) relay_->abort();
  turn_.wake_all();
}

}  // namespace hangar
