#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "auth.hpp"
#include "events_in.hpp"
#include "gateway_config.hpp"
#include "hangar/service.hpp"
#include "intake.hpp"
#include "out/event_feed.hpp"
#include "out/events_out.hpp"
#include "post_events.hpp"
#include "prefect/event_tables.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

constexpr std::string_view subprotocol = "prefect";
// Of a request: a message over a WebSocket has the same bound, which is that of Prefect's server.
constexpr std::size_t largest_body = 16U << 20U;

bool offers_prefect(std::string_view protocols) {
  while (!protocols.empty()) {
    std::string_view one = protocols.substr(0, protocols.find(','));
    protocols.remove_prefix(std::min(protocols.size(), one.size() + 1));
    const auto first = one.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    one = one.substr(first, one.find_last_not_of(" \t") - first + 1);
    if (one == subprotocol) return true;
  }
  return false;
}

/// Throws ConfigError for what the gateway cannot do.
void check(const GatewayConfig& config) {
  if (config.csrf_protection_enabled) {
    throw ConfigError{
        "services.event_gateway.csrf_protection_enabled: the gateway cannot check Prefect's CSRF "
        "tokens: switch the protection off, or the gateway"};
  }
  const std::string& path = config.base_path;
  if (path.empty() || (path.starts_with('/') && !path.ends_with('/'))) return;
  throw ConfigError{
      "services.event_gateway.base_path: it begins with a slash and does not end with one, as "
      "/api; empty is the root"};
}

class EventGateway final : public Service {
 public:
  using Config = GatewayConfig;

  static Needs needs(const Config& config) {
    // One that is off is looked at too, by `services ls`.
    if (config.enabled) check(config);
    ListensOn listens{config.listen, largest_body};
    listens.connections = static_cast<std::size_t>(config.max_connections);
    Needs needs{.publishes = {{event_stream, event_subjects},
                              {invalid_stream, invalid_subject, config.dlq_max_bytes.value}},
                .listens = {std::move(listens)}};
    if (config.events_out) {
      needs.tables = {&prefect::events_table(), &prefect::event_resources_table()};
      needs.live = {
          {.name = EventFeed::source, .stream = event_stream, .filter_subject = event_subjects}};
      needs.steers = {{event_stream, EventFeed::persister}};
    }
    return needs;
  }

  EventGateway(Context& host, const Config& config)
      : host_{host},
        config_{config},
        executor_{host.executor()},
        listener_{host.listener()},
        intake_{std::make_shared<Intake>(host.executor(), config, host.publisher(), host.log(),
                                         host.metrics())} {
    check(config);
    if (config.events_out) feed_ = std::make_shared<EventFeed>(host, config_);
  }

  asio::awaitable<void> run() override {
    if (feed_) {
      co_await together(accept(), feed_->run());
    } else {
      co_await accept();
    }
  }

 private:
  asio::awaitable<void> accept() {
    while (true) {
      std::shared_ptr<Exchange> exchange = co_await listener_.accept();
      if (!exchange) co_return;
      asio::co_spawn(
          executor_,
          [this, exchange = std::move(exchange)]() mutable -> asio::awaitable<void> {
            std::shared_ptr<Exchange> mine = std::move(exchange);
            co_await answer(mine);
          },
          asio::detached);
    }
  }

  // As long as somebody has an exchange or a WebSocket, `run` does not return.
  asio::awaitable<void> answer(std::shared_ptr<Exchange>& exchange) {
    std::string_view path = exchange->target();
    path = path.substr(0, path.find('?'));
    const bool ours = path.starts_with(config_.base_path);
    if (ours) path.remove_prefix(config_.base_path.size());
    if (exchange->wants_websocket() && ours && path == "/events/in") {
      co_await events_in(exchange);
    } else if (exchange->wants_websocket() && ours && path == "/events/out" && feed_) {
      co_await events_out(exchange);
    } else if (exchange->wants_websocket()) {
      co_await refuse_socket(*exchange);
    } else if (!ours) {
      co_await respond_json(*exchange, 404, R"({"detail":"Not Found"})");
    } else {
      co_await answer(*exchange, path);
    }
  }

  asio::awaitable<void> refuse_socket(Exchange& exchange) {
    co_await exchange.respond(403, "text/plain; charset=utf-8", {});
  }

  [[nodiscard]] static bool speaks_prefect(const Exchange& exchange) {
    return offers_prefect(exchange.header("Sec-WebSocket-Protocol"));
  }

  /// Null when the client is refused or gone; else the exchange is over.
  asio::awaitable<std::unique_ptr<WebSocket>> open(std::shared_ptr<Exchange>& exchange,
                                                   std::size_t largest_message) {
    const bool prefect = speaks_prefect(*exchange);
    if (!prefect && !config_.auth_string.empty()) {
      co_await refuse_socket(*exchange);
      co_return nullptr;
    }
    WebSocketOptions options{prefect ? std::string{subprotocol} : std::string{}};
    options.largest_message = largest_message;
    options.ping_interval = config_.websocket_ping_interval;
    options.ping_timeout = config_.websocket_ping_timeout;
    auto socket = co_await exchange->upgrade(std::move(options));
    exchange.reset();
    co_return socket;
  }

  asio::awaitable<void> events_in(std::shared_ptr<Exchange>& exchange) {
    const bool prefect = speaks_prefect(*exchange);
    auto sender = std::make_shared<Sender>(executor_, exchange->peer());
    auto socket = co_await open(exchange, largest_body);
    if (!socket) co_return;
    const auto client =
        std::make_shared<EventsIn>(executor_, std::move(socket), intake_, std::move(sender),
                                   config_.auth_string.reveal(), prefect);
    co_await client->run();
  }

  asio::awaitable<void> events_out(std::shared_ptr<Exchange>& exchange) {
    const bool prefect = speaks_prefect(*exchange);
    auto socket = co_await open(exchange, EventsOut::largest_message);
    if (!socket) co_return;
    const auto client =
        std::make_shared<EventsOut>(host_, config_, std::move(socket), feed_, prefect);
    co_await client->run();
  }

  asio::awaitable<void> answer(Exchange& exchange, std::string_view path) {
    const std::string& secret = config_.auth_string.reveal();
    if (!secret.empty() && !is_authorized(exchange.header("Authorization"), secret)) {
      co_await respond_json(exchange, 401, R"({"exception_message":"Unauthorized"})");
    } else if (path == "/events/") {
      const std::string_view target = exchange.target();
      const std::string_view query = target.substr(std::min(target.find('?'), target.size()));
      exchange.add_header("Location", "http://" + std::string{exchange.header("Host")} +
                                          config_.base_path + "/events" + std::string{query});
      co_await exchange.respond(307, {}, {});
    } else if (path != "/events") {
      co_await respond_json(exchange, 404, R"({"detail":"Not Found"})");
    } else if (exchange.method() != "POST") {
      exchange.add_header("Allow", "POST");
      co_await respond_json(exchange, 405, R"({"detail":"Method Not Allowed"})");
    } else {
      co_await post_events(executor_, exchange, intake_, config_.publish_timeout);
    }
  }

  Context& host_;
  const Config config_;
  asio::any_io_executor executor_;
  Listener& listener_;
  std::shared_ptr<Intake> intake_;
  std::shared_ptr<EventFeed> feed_;  ///< Null: nobody may subscribe.
};

}  // namespace
}  // namespace hangar::gateway

HANGAR_PLUGIN(hangar::service_plugin<hangar::gateway::EventGateway>(
    "event_gateway", "1.0.0",
    "Takes events of Prefect's clients into JetStream, and sends them to subscribers"));
