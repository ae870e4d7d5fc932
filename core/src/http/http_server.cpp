#include "http/http_server.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <exception>
#include <utility>

#include "hangar/error.hpp"
#include "http/http_answer.hpp"
#include "http/listen_address.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace hangar {
namespace {

using Request = http::request_parser<http::empty_body>;

bool has_body(const Request& request) {
  return request.chunked() || request.content_length_remaining().value_or(0) > 0;
}

bool is_get_or_head(const Request& request) {
  const http::verb method = request.get().method();
  return method == http::verb::get || method == http::verb::head;
}

HttpReply reply_to(const Request& request, beast::error_code failed,
                   const HttpServer::Answer& answer) {
  if (failed == http::error::header_limit) {
    return {.status = 431, .body = "the header is too large\n"};
  }
  if (failed) return {.status = 400, .body = "this is no HTTP request\n"};
  if (has_body(request) && is_get_or_head(request)) {
    return {.status = 413, .body = "a GET has no body here\n"};
  }
  return answer(view(request.get().method_string()), view(request.get().target()));
}

}  // namespace

HttpServer::HttpServer(std::string_view setting, const std::string& address, Answer answer,
                       HttpLimits limits)
    : answer_{std::move(answer)}, limits_{limits} {
  bind_to(acceptor_, address, setting);
  asio::co_spawn(io_, accept(), asio::detached);
  thread_ = std::thread{[this] { io_.run(); }};
}

HttpServer::~HttpServer() {
  io_.stop();
  thread_.join();
}

std::string HttpServer::address() const { return address_of(acceptor_); }

asio::awaitable<void> HttpServer::accept() {
  asio::steady_timer pause{io_};
  while (true) {
    boost::system::error_code failed;
    auto socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
      // No descriptors, for example: it is no reason to turn the processor.
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    if (connections_ == limits_.connections) continue;
    ++connections_;
    asio::co_spawn(io_, serve(std::move(socket)),
                   [this](const std::exception_ptr&) { --connections_; });
  }
}

asio::awaitable<void> HttpServer::serve(asio::ip::tcp::socket socket) {
  beast::tcp_stream stream{std::move(socket)};
  beast::flat_buffer buffer{limits_.header_bytes + 1024};
  for (bool go_on = true; go_on;) {
    Request request;
    request.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    request.body_limit(boost::none);  // It is never read.
    stream.expires_after(limits_.read);
    beast::error_code failed;
    co_await http::async_read_header(stream, buffer, request,
                                     asio::redirect_error(asio::use_awaitable, failed));
    if (!is_answerable(failed)) co_return;
    go_on = !failed && request.get().keep_alive() && !has_body(request);
    HttpResponse answer = http_response(reply_to(request, failed, answer_), go_on);
    // The header tells how long the body of a GET would be.
    if (!failed && request.get().method() == http::verb::head) answer.body().clear();
    stream.expires_after(limits_.write);
    co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
  }
  co_await linger(stream);
}

}  // namespace hangar
