#include "http/http_relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "http/http_answer.hpp"
#include "http/http_pieces.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t piece_bytes = 16'384;
constexpr std::size_t idle_piece_bytes = 4'096;  // There may be many WebSockets.
constexpr std::size_t largest_answer_head = 65'536;
// A server may close a connection that nothing goes over: uvicorn does after 5 s.
constexpr auto reused_within = 2s;

}  // namespace

/// One that is passed on, for the coroutine that sends it and the one that reads its answer.
struct HttpRelay::Request {
  explicit Request(const HttpHead& head)
      : head_bytes{head.size},
        to_head{head.method == "HEAD"},
        keep_alive{head.keep_alive},
        upgrade{head.upgrade},
        body{head.framing} {}

  std::size_t head_bytes;
  bool to_head;
  bool keep_alive;
  bool upgrade;
  HttpBodyEnd body;
  bool ended = false;     ///< No more of it is read.
  bool sent = false;      ///< All of it reached the server.
  bool answered = false;  ///< The rest of it matters no more.
  bool gone = false;      ///< The client is.
};

HttpRelay::HttpRelay(HttpStream& client, Buffer& read, PassesOn to, HostAddresses& addresses,
                     const ListenerLimits& limits, const PassedRequests& passed)
    : client_{client},
      from_client_{read},
      to_{std::move(to)},
      addresses_{addresses},
      limits_{limits},
      passed_{passed},
      server_{client.get_executor()},
      from_server_{largest_answer_head + piece_bytes},
      changed_{client.get_executor()} {}

void HttpRelay::stop() {
  if (upgraded_) abort();
}

void HttpRelay::abort() {
  aborted_ = true;
  client_.close();
  disconnect();
  changed_.wake_all();
  addresses_.wake();
}

void HttpRelay::disconnect() {
  connected_ = false;
  server_.close();
  from_server_.clear();
}

bool HttpRelay::is_connected() {
  return connected_ && Clock::now() - last_used_ < reused_within && from_server_.size() == 0 &&
         pending(server_.socket()) == Pending::nothing;
}

asio::awaitable<std::string> HttpRelay::connect() {
  disconnect();
  too_late_ = false;
  const HostAddresses::Found found = co_await addresses_.find(limits_.connect, aborted_);
  beast::error_code failed = found.failed;
  if (!failed) {
    failed = co_await connect_to_any(server_, found.endpoints, limits_.connect, aborted_);
    if (failed) addresses_.doubt();
  }
  if (failed) co_return fmt::format("cannot be reached: {}", failed.message());
  connected_ = true;
  server_.socket().set_option(asio::ip::tcp::no_delay{true}, failed);
  co_return std::string{};
}

asio::awaitable<HttpRelay::Passed> HttpRelay::pass(std::shared_ptr<void> owner,
                                                   const HttpHead& head) {
  const auto self = shared_from_this();
  const auto request = std::make_shared<Request>(head);
  if (!is_connected()) {
    const std::string problem = co_await connect();
    if (!problem.empty()) co_return co_await refuse(request, problem);
  }
  asio::co_spawn(
      client_.get_executor(),
      [self, request, owner]() -> asio::awaitable<void> {
        co_await self->send(request);
        co_await self->watch(request);
      },
      asio::detached);
  Passed passed = co_await answer(request, owner);
  request->answered = true;
  last_used_ = Clock::now();
  if (!passed.broken && !co_await request_ended(*request)) passed.broken = true;
  passed.goes_on = passed.goes_on && request->sent;
  if (!passed.goes_on || from_server_.size() > 0) disconnect();
  from_server_.shrink_to_fit();
  if (passed.broken) client_.close();
  // Who reads the client next must be alone.
  while (!request->ended) co_await changed_.wait();
  co_return passed;
}

// A server may answer before it has read all. A client that reads this only when it has sent all
// gets a moment for the rest.
asio::awaitable<bool> HttpRelay::request_ended(const Request& request) {
  for (int turn = 0; turn < 2; ++turn) {
    const auto deadline = Clock::now() + 1s;
    while (!request.ended && !aborted_ && Clock::now() < deadline) {
      co_await changed_.wait_until(deadline);
    }
    if (request.ended) break;
    if (!client_.is_tls()) co_await client_.end_sending();
  }
  co_return request.ended;
}

asio::awaitable<void> HttpRelay::send(std::shared_ptr<Request> request) {
  std::string forwarded;
  std::string_view head = bytes_in(from_client_).substr(0, request->head_bytes);
  if (client_.is_tls()) {
    beast::error_code gone;
    forwarded = forwarded_head(head, client_.socket().remote_endpoint(gone).address().to_string());
    head = forwarded;
  }
  bool heard = co_await write(server_, head);
  from_client_.consume(request->head_bytes);
  HttpBodyEnd& body = request->body;
  while (!body.reached() && !body.wrong()) {
    client_.expires_after(limits_.read);
    if (from_client_.size() == 0 && !co_await read_more(client_, from_client_, piece_bytes)) {
      request->gone = true;
      break;
    }
    const std::string_view bytes = bytes_in(from_client_);
    const std::size_t taken = body.take(bytes);
    // Nothing of what is wrong.
    if (heard && !request->answered && !body.wrong()) {
      heard = co_await write(server_, bytes.substr(0, taken));
    } else {
      heard = false;
    }
    from_client_.consume(taken);
  }
  request->sent = heard && body.reached();
  request->ended = true;
  beast::error_code ignored;
  if (sending_) server_.socket().cancel(ignored);
  // Its end is all that the server is still told.
  if (!body.reached() && !request->answered) disconnect();
  changed_.wake_all();
}

asio::awaitable<void> HttpRelay::watch(std::shared_ptr<Request> request) {
  if (request->answered || request->gone || from_client_.size() > 0) co_return;
  beast::error_code failed;
  co_await client_.socket().async_wait(asio::ip::tcp::socket::wait_read,
                                       asio::redirect_error(asio::use_awaitable, failed));
  // What comes behind a request waits until it is answered.
  if (failed || request->answered || upgraded_) co_return;
  if (pending(client_.socket()) != Pending::end) co_return;
  request->gone = true;
  disconnect();
}

asio::awaitable<void> HttpRelay::sent_or_answered(const Request& request) {
  if (request.ended || from_server_.size() > 0) co_return;
  sending_ = true;
  beast::error_code ignored;
  co_await server_.socket().async_wait(asio::ip::tcp::socket::wait_read,
                                       asio::redirect_error(asio::use_awaitable, ignored));
  sending_ = false;
}

asio::awaitable<HttpHead> HttpRelay::read_answer_head(const Request& request) {
  HttpHead head;
  while (head.size == 0 && head.problem.empty()) {
    head = hangar::read_answer_head(bytes_in(from_server_), request.to_head);
    if (head.size > 0 || !head.problem.empty()) break;
    if (from_server_.size() > largest_answer_head) {
      head.problem = "answers with a header that is too large";
      break;
    }
    co_await sent_or_answered(request);
    server_.expires_after(limits_.answer);
    if (!co_await read_more(server_, from_server_, piece_bytes)) {
      head.problem = too_late_ ? "does not answer" : "ended the connection without an answer";
    }
  }
  co_return head;
}

asio::awaitable<HttpRelay::Passed> HttpRelay::answer(std::shared_ptr<Request> request,
                                                     std::shared_ptr<void> owner) {
  Passed passed;
  passed.broken = true;
  HttpHead head;
  do {
    head = co_await read_answer_head(*request);
    // What follows is read by another coroutine than the request.
    if (head.problem.empty() && head.status == 101 && !(request->upgrade && request->ended)) {
      head.problem = "answers with another protocol";
    }
    if (!head.problem.empty()) co_return co_await refuse(request, std::string{head.problem});
    if (head.status >= 200 || head.status == 101) passed_.answered(1);
    if (head.status >= 200) break;
    if (!co_await write(client_, bytes_in(from_server_).substr(0, head.size))) co_return passed;
    from_server_.consume(head.size);
  } while (head.status != 101);
  if (head.status == 101) {
    co_await splice(owner);
    co_return passed;
  }
  if (!co_await pass_whole(head)) co_return passed;
  passed.broken = false;
  passed.goes_on = head.keep_alive && request->keep_alive;
  co_return passed;
}

asio::awaitable<HttpRelay::Passed> HttpRelay::refuse(std::shared_ptr<Request> request,
                                                     std::string problem) {
  Passed passed;
  passed.broken = aborted_ || request->gone;
  if (passed.broken) co_return passed;
  HttpReply reply;
  if (request->body.wrong()) {
    reply.status = 400;
    reply.body = "this is no HTTP request: its chunks are wrong\n";
  } else {
    reply.status = too_late_ ? 504 : 502;
    (too_late_ ? passed_.timed_out : passed_.unreachable)(1);
    passed.problem = fmt::format("{}:{} {}", to_.host, to_.port, problem);
    reply.body = fmt::format("this request goes to another server, and {}\n", passed.problem);
  }
  disconnect();
  HttpResponse response = http_response(reply, false);
  if (request->to_head) response.body().clear();
  client_.expires_after(limits_.write);
  beast::error_code failed;
  co_await beast::http::async_write(client_, response,
                                    asio::redirect_error(asio::use_awaitable, failed));
  passed.broken = static_cast<bool>(failed);
  co_return passed;
}

asio::awaitable<bool> HttpRelay::pass_whole(const HttpHead& head) {
  HttpBodyEnd body{head.framing};
  std::size_t ahead = head.size;  // Of the first bytes of the body, with which it is sent.
  while (ahead > 0 || !body.reached()) {
    server_.expires_after(limits_.answer);
    if (from_server_.size() == 0 && !co_await read_more(server_, from_server_, piece_bytes)) {
      if (head.framing.kind != HttpFraming::Kind::until_close) co_return false;
      if (at_end_) co_return true;
      // The client has no other sign that this is not all.
      beast::error_code ignored;
      client_.socket().set_option(asio::socket_base::linger{true, 0}, ignored);
      co_return false;
    }
    const std::string_view bytes = bytes_in(from_server_);
    const std::size_t taken = ahead + body.take(bytes.substr(ahead));
    if (body.wrong() || !co_await write(client_, bytes.substr(0, taken))) co_return false;
    from_server_.consume(taken);
    ahead = 0;
  }
  co_return true;
}

asio::awaitable<void> HttpRelay::splice(std::shared_ptr<void> owner) {
  upgraded_ = true;
  const auto self = shared_from_this();
  const auto begin = [&](auto& from, Buffer& read, auto& to) {
    asio::co_spawn(
        client_.get_executor(),
        [self, owner, &from, &read, &to]() -> asio::awaitable<void> {
          co_await self->copy(from, read, to);
        },
        asio::detached);
  };
  begin(client_, from_client_, server_);
  begin(server_, from_server_, client_);
  while (ended_sides_ == 0) co_await changed_.wait();
  // The other may still have something to say, but not for ever.
  const auto deadline = Clock::now() + limits_.write;
  while (ended_sides_ < 2 && !aborted_ && Clock::now() < deadline) {
    co_await changed_.wait_until(deadline);
  }
  abort();
  while (ended_sides_ < 2) co_await changed_.wait();
}

template <class From, class To>
asio::awaitable<void> HttpRelay::copy(From& from, Buffer& read, To& to) {
  bool goes_on = true;
  while (goes_on) {
    from.expires_never();
    if (read.size() == 0 && !co_await read_more(from, read, idle_piece_bytes)) break;
    goes_on = co_await write(to, bytes_in(read));
    read.consume(read.size());
  }
  ++ended_sides_;
  changed_.wake_all();
  co_await end_sending(to);
}

template <class Stream>
asio::awaitable<bool> HttpRelay::read_more(Stream& from, Buffer& buffer, std::size_t most) {
  const beast::error_code failed = co_await read_piece(from, buffer, most);
  too_late_ = failed == beast::error::timeout;
  at_end_ = failed == asio::error::eof;
  co_return !failed;
}

template <class Stream>
asio::awaitable<bool> HttpRelay::write(Stream& to, std::string_view bytes) {
  co_return co_await write_pieces(to, bytes, limits_.write);
}

}  // namespace hangar
