#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/service_listener.hpp"
#include "async/host_addresses.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/needs.hpp"
#include "http/body_room.hpp"
#include "http/shared_room.hpp"
#include "http/tls_files.hpp"
#include "log/rate_limit.hpp"

namespace hangar {

class HttpConnection;

struct ListenerLimits {
  std::size_t header_bytes = 16'384;
  std::size_t bodies_bytes = 64U << 20U;        ///< Of all requests that are not answered yet.
  std::size_t messages_bytes = 64U << 20U;      ///< The same of large messages over WebSockets.
  std::chrono::milliseconds handshake{10'000};  ///< For TLS to begin.
  std::chrono::milliseconds idle{60'000};       ///< From one request to the next.
  std::chrono::milliseconds read{30'000};       ///< From the first byte to the end of what comes.
  std::chrono::milliseconds waiting{30'000};    ///< For the service to accept a request.
  std::chrono::milliseconds write{30'000};      ///< For a whole answer.
  // Of what is passed on, each piece has the time of a whole, and the other server:
  std::chrono::milliseconds connect{5'000};   ///< To be connected to.
  std::chrono::milliseconds answer{300'000};  ///< For each piece of its answer.
};

/// Counts what becomes of requests that are passed on; one that its client gave up is not counted.
struct PassedRequests {
  using Count = std::function<void(double more)>;
  /// In series that are there from now on, if `wanted` passes anything on.
  static PassedRequests counted_by(Metrics& metrics, const ListensOn& wanted);

  Count answered = [](double) {};
  Count unreachable = [](double) {};
  Count timed_out = [](double) {};
};

/// The listener of one service. For one strand; its coroutines, connections and exchanges keep it
/// alive until it is closed.
class HttpListener : public ServiceListener, public std::enable_shared_from_this<HttpListener> {
 public:
  /// Listens when it returns. Throws ConfigError, which names the setting, when the address cannot
  /// be had. `log` outlives it.
  static std::shared_ptr<HttpListener> start(const boost::asio::any_io_executor& executor,
                                             std::string_view setting, const ListensOn& wanted,
                                             Log& log);
  static std::shared_ptr<HttpListener> start(
      const boost::asio::any_io_executor& executor, std::string_view setting,
      const ListensOn& wanted, Log& log, const ListenerLimits& limits, PassedRequests passed = {},
      HostAddresses::LookUp look_up = HostAddresses::look_up);

  boost::asio::awaitable<std::unique_ptr<Exchange>> accept() override;
  void stop() override;
  /// Within about 5 s.
  boost::asio::awaitable<void> close() override;

  /// The address that is bound, with the port that was chosen for 0.
  [[nodiscard]] std::string address() const { return address_; }
  [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }
  /// Requests that nobody has accepted yet.
  [[nodiscard]] std::size_t unaccepted() const noexcept { return requests_.size(); }
  /// Of requests that are read or not answered yet.
  [[nodiscard]] std::size_t bodies_bytes() const noexcept { return body_room_.used(); }
  /// Of large messages that came over WebSockets and that their readers have not done with.
  [[nodiscard]] std::size_t messages_bytes() const noexcept { return message_room_.used(); }

 private:
  friend class HttpConnection;

  HttpListener(const boost::asio::any_io_executor& executor, std::string_view setting,
               const ListensOn& wanted, Log& log, const ListenerLimits& limits,
               PassedRequests passed, HostAddresses::LookUp look_up);

  boost::asio::awaitable<void> take_connections();
  void serve(boost::asio::ip::tcp::socket socket);
  /// Whether a request for this path is another server's.
  [[nodiscard]] bool passes_on(std::string_view path) const;
  /// That it did not answer.
  void tell_unanswered(std::string_view why);

  boost::asio::any_io_executor executor_;
  Log& log_;
  ListenerLimits limits_;
  std::size_t largest_body_;
  std::size_t most_connections_;
  PassesOn passes_on_;
  HostAddresses addresses_;  ///< Of the server that they are passed on to.
  const PassedRequests passed_;
  std::optional<TlsFiles> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  Condition changed_;  ///< A request came, or an exchange or a connection ended.
  std::set<HttpConnection*> connections_;
  std::deque<HttpConnection*> requests_;  ///< Those with a request that nobody has accepted.
  std::size_t unanswered_ = 0;            ///< Given away, without an answer, or upgraded.
  BodyRoom body_room_;
  SharedRoom message_room_;
  RateLimit seldom_{std::chrono::seconds{10}};
  bool stopping_ = false;
};

}  // namespace hangar
