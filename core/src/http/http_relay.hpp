#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "async/host_addresses.hpp"
#include "hangar/event.hpp"
#include "hangar/needs.hpp"
#include "http/http_head.hpp"
#include "http/http_listener.hpp"
#include "http/http_stream.hpp"

namespace hangar {

/// Passes requests of one connection on to another server, byte by byte as they came, and the
/// answers back, over one connection that is kept as long as the client goes on. What is read ahead
/// of either side is bounded. For the strand of its listener; its coroutines keep it alive.
class HttpRelay : public std::enable_shared_from_this<HttpRelay> {
 public:
  /// `client` and `read`, what was read of it, belong to the `owner` of `pass`.
  HttpRelay(HttpStream& client, boost::beast::flat_buffer& read, PassesOn to,
            HostAddresses& addresses, const ListenerLimits& limits, const PassedRequests& passed);

  /// What became of a request.
  struct Passed {
    bool goes_on = false;   ///< The client may send another one.
    bool broken = false;    ///< Nothing more can be sent to the client.
    std::string problem{};  ///< Why the other server did not answer, when it did not.
  };
  /// Passes on the request whose head lies at the beginning of what was read.
  boost::asio::awaitable<Passed> pass(std::shared_ptr<void> owner, const HttpHead& head);

  /// An answer that has begun may end; a connection that is no HTTP any more does now.
  void stop();
  /// Ends at once.
  void abort();

 private:
  using Buffer = boost::beast::flat_buffer;
  using Clock = std::chrono::steady_clock;
  struct Request;

  [[nodiscard]] bool is_connected();
  /// What keeps it from that; empty when nothing does.
  boost::asio::awaitable<std::string> connect();
  boost::asio::awaitable<void> send(std::shared_ptr<Request> request);
  /// Until the answer is there or the client is not.
  boost::asio::awaitable<void> watch(std::shared_ptr<Request> request);
  boost::asio::awaitable<Passed> answer(std::shared_ptr<Request> request,
                                        std::shared_ptr<void> owner);
  /// In the place of the other server, which did not.
  boost::asio::awaitable<Passed> refuse(std::shared_ptr<Request> request, std::string problem);
  /// Until all of the request is sent, or the other server says something before: each piece has
  /// its own time, and all of them no limit.
  boost::asio::awaitable<void> sent_or_answered(const Request& request);
  boost::asio::awaitable<HttpHead> read_answer_head(const Request& request);
  /// Whether the head, which lies in what was read, and all of its body went to the client.
  boost::asio::awaitable<bool> pass_whole(const HttpHead& head);
  boost::asio::awaitable<bool> request_ended(const Request& request);
  boost::asio::awaitable<void> splice(std::shared_ptr<void> owner);
  template <class From, class To>
  boost::asio::awaitable<void> copy(From& from, Buffer& read, To& to);
  template <class Stream>
  boost::asio::awaitable<bool> read_more(Stream& from, Buffer& buffer, std::size_t most);
  template <class Stream>
  boost::asio::awaitable<bool> write(Stream& to, std::string_view bytes);
  void disconnect();

  HttpStream& client_;
  Buffer& from_client_;
  const PassesOn to_;
  HostAddresses& addresses_;
  const ListenerLimits& limits_;
  const PassedRequests& passed_;
  boost::beast::tcp_stream server_;
  Buffer from_server_;
  Condition changed_;              ///< A side has ended.
  Clock::time_point last_used_{};  ///< Of the connection to the server.
  bool connected_ = false;
  bool sending_ = false;  ///< Nobody reads the server: it is waited for.
  bool upgraded_ = false;
  bool aborted_ = false;
  bool too_late_ = false;  ///< The last read took longer than it may.
  bool at_end_ = false;    ///< The last read found the end of what is sent.
  int ended_sides_ = 0;    ///< Of what is no HTTP any more.
};

}  // namespace hangar
