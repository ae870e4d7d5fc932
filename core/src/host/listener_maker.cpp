#include "host/listener_maker.hpp"

#include <memory>
#include <utility>

#include "http/closed_listener.hpp"
#include "http/http_listener.hpp"
#include "service/needs_check.hpp"

namespace asio = boost::asio;

namespace hangar {

decltype(ServiceResources::make_listener) listener_maker(StatusBoard& board, std::string service,
                                                         bool ends_by_itself) {
  if (ends_by_itself) {
    return [](const asio::any_io_executor&, const ListensOn&, Log&, Metrics&) {
      return std::make_shared<ClosedListener>();
    };
  }
  return [&board, service = std::move(service)](
             const asio::any_io_executor& on, const ListensOn& wanted, Log& log, Metrics& metrics) {
    auto listener =
        HttpListener::start(on, setting_of(service, wanted), wanted, log, ListenerLimits{},
                            PassedRequests::counted_by(metrics, wanted));
    board.set_listener(service, wanted.name, listener->address());
    log.info("listens on {}://{}", listener->is_tls() ? "https" : "http", listener->address());
    return listener;
  };
}

}  // namespace hangar
