#include "http/http_listener.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "async/runs_on.hpp"
#include "http/http_connection.hpp"
#include "http/http_exchange.hpp"
#include "http/listen_address.hpp"

namespace asio = boost::asio;

namespace hangar {

using Clock = std::chrono::steady_clock;

namespace {

/// Each connection is an open file, and one that is passed on two. A process may have 1,024 of them
/// unless it asks for more.
void allow_open_files(std::size_t files, std::size_t connections, const std::string& address,
                      Log& log) {
  constexpr rlim_t others = 512;
  const rlim_t wanted = static_cast<rlim_t>(files) + others;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted) return;
  log.warning(
      "{} may have {} connections, but this process no more than {} open files: raise the limit "
      "(`ulimit -Hn`, LimitNOFILE of systemd)",
      address, connections, limit.rlim_cur);
}

}  // namespace

PassedRequests PassedRequests::counted_by(Metrics& metrics, const ListensOn& wanted) {
  if (wanted.passes_on.host.empty()) return {};
  const auto counter = [&](const char* outcome) {
    return metrics.counter("hangar_passed_requests_total",
                           "Requests that were passed on to another server, by what became of them",
                           {{"outcome", outcome}});
  };
  return {counter("answered"), counter("unreachable"), counter("timeout")};
}

std::shared_ptr<HttpListener> HttpListener::start(const asio::any_io_executor& executor,
                                                  std::string_view setting, const ListensOn& wanted,
                                                  Log& log) {
  return start(executor, setting, wanted, log, ListenerLimits{});
}

std::shared_ptr<HttpListener> HttpListener::start(const asio::any_io_executor& executor,
                                                  std::string_view setting, const ListensOn& wanted,
                                                  Log& log, const ListenerLimits& limits,
                                                  PassedRequests passed,
                                                  HostAddresses::LookUp look_up) {
  struct Started : HttpListener {
    Started(const asio::any_io_executor& on, std::string_view named, const ListensOn& what, Log& to,
            const ListenerLimits& within, PassedRequests counts, HostAddresses::LookUp how)
        : HttpListener{on, named, what, to, within, std::move(counts), std::move(how)} {}
  };
  const auto made = std::make_shared<Started>(executor, setting, wanted, log, limits,
                                              std::move(passed), std::move(look_up));
  asio::co_spawn(
      executor, [made]() -> asio::awaitable<void> { co_await made->take_connections(); },
      asio::detached);
  return made;
}

HttpListener::HttpListener(const asio::any_io_executor& executor, std::string_view setting,
                           const ListensOn& wanted, Log& log, const ListenerLimits& limits,
                           PassedRequests passed, HostAddresses::LookUp look_up)
    : executor_{executor},
      log_{log},
      limits_{limits},
      largest_body_{wanted.largest_body},
      most_connections_{wanted.connections},
      passes_on_{wanted.passes_on},
      addresses_{executor, passes_on_.host, passes_on_.port, std::move(look_up)},
      passed_{std::move(passed)},
      acceptor_{executor},
      changed_{executor},
      body_room_{std::max(limits.bodies_bytes, wanted.largest_body)},
      message_room_{executor, limits.messages_bytes} {
  if (!wanted.tls_certificate.empty()) {
    tls_.emplace(std::string{setting}, wanted.tls_certificate, wanted.tls_key);
  }
  bind_to(acceptor_, wanted.address, setting);
  address_ = address_of(acceptor_);
  const std::size_t files_of_each = passes_on_.host.empty() ? 1 : 2;
  allow_open_files(most_connections_ * files_of_each, most_connections_, address_, log_);
}

asio::awaitable<void> HttpListener::take_connections() {
  asio::steady_timer pause{executor_};
  while (!stopping_) {
    boost::system::error_code failed;
    auto socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (stopping_) break;
    if (failed) {
      // No descriptors, for example: it is no reason to turn the processor.
      if (const auto left_out = seldom_.told("accept", Clock::now())) {
        log_.warning("{} takes no connection: {}{}", address_, failed.message(),
                     since_said(*left_out, "failures"));
      }
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    if (connections_.size() >= most_connections_) {
      if (const auto left_out = seldom_.told("full", Clock::now())) {
        log_.warning("{} has {} connections and closes further ones{}", address_,
                     connections_.size(), since_said(*left_out, "connections"));
      }
      continue;
    }
    try {
      serve(std::move(socket));
    } catch (const std::exception& error) {
      if (const auto left_out = seldom_.told("serve", Clock::now())) {
        log_.warning("{} closes a connection: {}{}", address_, error.what(),
                     since_said(*left_out, "connections"));
      }
    }
  }
}

void HttpListener::serve(asio::ip::tcp::socket socket) {
  boost::system::error_code ignored;
  // An answer in two pieces would wait for the client's delayed ack.
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  const auto connection = std::make_shared<HttpConnection>(
      std::move(socket), tls_ ? tls_->context(log_) : nullptr, shared_from_this());
  asio::co_spawn(
      executor_, [connection]() -> asio::awaitable<void> { co_await connection->serve(); },
      asio::detached);
}

bool HttpListener::passes_on(std::string_view path) const {
  return !passes_on_.host.empty() &&
         std::ranges::find(passes_on_.own, path) == passes_on_.own.end();
}

void HttpListener::tell_unanswered(std::string_view why) {
  if (const auto left_out = seldom_.told("passes on", Clock::now())) {
    log_.warning("a request that {} passes on has no answer: {} ({} more since this was said last)",
                 address_, why, *left_out);
  }
}

asio::awaitable<std::unique_ptr<Exchange>> HttpListener::accept() {
  const auto self = shared_from_this();
  check_runs_on(executor_, "Listener::accept");
  while (!stopping_ || unanswered_ > 0) {
    if (!requests_.empty()) {
      HttpConnection& connection = *requests_.front();
      requests_.pop_front();
      co_return connection.give();
    }
    const auto warn_at =
        stopping_ ? Clock::now() + std::chrono::seconds{5} : Clock::time_point::max();
    co_await changed_.wait_until(warn_at);
    if (Clock::now() < warn_at) continue;
    log_.warning(
        "the host stops, and {} requests or WebSockets of {} are neither answered nor destroyed: "
        "who waits for the next request must keep none that has no answer",
        unanswered_, address_);
  }
  co_return nullptr;
}

void HttpListener::stop() {
  if (stopping_) return;
  stopping_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  requests_.clear();
  for (HttpConnection* connection : connections_) connection->stop();
  changed_.wake_all();
}

asio::awaitable<void> HttpListener::close() {
  const auto self = shared_from_this();
  stop();
  const auto deadline = Clock::now() + std::chrono::seconds{5};
  while (!connections_.empty() && Clock::now() < deadline) co_await changed_.wait_until(deadline);
  for (HttpConnection* connection : connections_) connection->abort();
}

}  // namespace hangar
