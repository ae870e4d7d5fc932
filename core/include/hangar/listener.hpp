#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "hangar/version.hpp"

namespace hangar {

/// One HTTP request, which came whole, and the answer to it. One that is destroyed without an
/// answer is answered 500.
class HANGAR_API Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange();

  [[nodiscard]] virtual std::string_view method() const noexcept = 0;
  /// As it was sent, with the query.
  [[nodiscard]] virtual std::string_view target() const noexcept = 0;
  /// The first of that name, in any case; empty when there is none.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  [[nodiscard]] virtual const std::string& body() const noexcept = 0;

  /// Returns when the answer is sent, and also when the client is gone. `type` is the Content-Type;
  /// none is sent when it is empty. Throws std::logic_error when there is an answer already, or for
  /// one that HTTP does not have.
  virtual boost::asio::awaitable<void> respond(unsigned status, std::string type,
                                               std::string body) = 0;
};

/// Takes HTTP/1.1 requests at an address that a service declares in `Needs::listens`. It reads each
/// whole before it gives it away. Bounded are the connections (512), the header (16 KiB) and the
/// body of a request, all bodies together (64 MiB, or one of the largest), and the time: 60 s from
/// one request to the next, 30 s for a request to come, to be accepted, and for its answer to be
/// sent. Used on the service's executor.
class HANGAR_API Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener();

  /// The next request. Any number of coroutines may wait for one. When the host stops nothing more
  /// is given away, and null is returned once every exchange is destroyed: `run` may return then.
  virtual boost::asio::awaitable<std::unique_ptr<Exchange>> accept() = 0;
};

}  // namespace hangar
