#include "admin/admin_server.hpp"

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
#include <sstream>
#include <utility>

#include "admin/listen_address.hpp"
#include "hangar/error.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace hangar {
namespace {

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

Response response(const AdminReply& reply, bool keep_alive) {
  Response made{static_cast<http::status>(reply.status), 11};
  made.set(http::field::content_type, reply.type);
  made.set(http::field::cache_control, "no-store");
  made.set("X-Content-Type-Options", "nosniff");
  if (made.result() == http::status::method_not_allowed) made.set(http::field::allow, "GET, HEAD");
  made.body() = reply.body;
  made.keep_alive(keep_alive);
  made.prepare_payload();
  return made;
}

bool has_body(const Request& request) {
  return request.chunked() || request.content_length_remaining().value_or(0) > 0;
}

/// What is answered to a request that is not passed on; 200 when it is.
AdminReply refusal(const Request& request, beast::error_code failed) {
  if (failed == http::error::header_limit) {
    return {.status = 431, .body = "the header is too large\n"};
  }
  if (failed == http::error::body_limit) {
    return {.status = 413, .body = "a GET has no body here\n"};
  }
  if (failed) return {.status = 400, .body = "this is no HTTP request\n"};
  const http::verb method = request.get().method();
  if (method != http::verb::get && method != http::verb::head) {
    return {.status = 405, .body = "only GET and HEAD are allowed\n"};
  }
  if (has_body(request)) return {.status = 413, .body = "a GET has no body here\n"};
  return {};
}

/// Whether there is somebody who sent something that deserves an answer.
bool is_answerable(beast::error_code failed) {
  return !failed ||
         (failed.category() == make_error_code(http::error::bad_method).category() &&
          failed != http::error::end_of_stream && failed != http::error::partial_message);
}

/// Lets the other side read its answer before the connection is reset for what it still sends.
asio::awaitable<void> linger(beast::tcp_stream& stream) {
  constexpr int reads = 16;
  boost::system::error_code failed;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, failed);
  stream.expires_after(std::chrono::seconds{1});
  std::array<char, 4096> ignored{};
  for (int i = 0; i < reads && !failed; ++i) {
    co_await stream.async_read_some(asio::buffer(ignored),
                                    asio::redirect_error(asio::use_awaitable, failed));
  }
}

}  // namespace

AdminServer::AdminServer(const std::string& listen, Answer answer)
    : AdminServer{listen, std::move(answer), Limits{}} {}

AdminServer::AdminServer(const std::string& listen, Answer answer, Limits limits)
    : answer_{std::move(answer)}, limits_{limits} {
  const auto endpoint = listen_address(listen);
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
  } catch (const boost::system::system_error& error) {
    throw ConfigError{fmt::format(
        "admin.listen: {} cannot be listened on: {}; set another address, 127.0.0.1:0 for any free "
        "port, or an empty one for no admin surface",
        listen, error.code().message())};
  }
  asio::co_spawn(io_, accept(), asio::detached);
  thread_ = std::thread{[this] { io_.run(); }};
}

AdminServer::~AdminServer() {
  io_.stop();
  thread_.join();
}

std::string AdminServer::address() const {
  std::ostringstream text;
  text << acceptor_.local_endpoint();
  return text.str();
}

asio::awaitable<void> AdminServer::accept() {
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

asio::awaitable<void> AdminServer::serve(asio::ip::tcp::socket socket) {
  beast::tcp_stream stream{std::move(socket)};
  beast::flat_buffer buffer{limits_.header_bytes + 1024};
  for (bool go_on = true; go_on;) {
    Request request;
    request.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    stream.expires_after(limits_.read);
    beast::error_code failed;
    co_await http::async_read_header(stream, buffer, request,
                                     asio::redirect_error(asio::use_awaitable, failed));
    if (!is_answerable(failed)) co_return;
    AdminReply reply = refusal(request, failed);
    go_on = reply.status == 200 && request.get().keep_alive();
    if (reply.status == 200) {
      const auto target = request.get().target();
      reply = answer_(std::string_view{target.data(), target.size()});
    }
    Response answer = response(reply, go_on);
    // The header tells how long the body of a GET would be.
    if (!failed && request.get().method() == http::verb::head) answer.body().clear();
    stream.expires_after(limits_.write);
    co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
  }
  co_await linger(stream);
}

}  // namespace hangar
