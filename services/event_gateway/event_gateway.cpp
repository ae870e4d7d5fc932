#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api_route.hpp"
#include "auth.hpp"
#include "cors.hpp"
#include "csrf.hpp"
#include "events_in.hpp"
#include "gateway_config.hpp"
#include "hangar/service.hpp"
#include "intake.hpp"
#include "out/event_feed.hpp"
#include "out/events_out.hpp"
#include "out/stored_tables.hpp"
#include "post_events.hpp"

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
  const std::string prefix = api_prefix(config.base_path);
  if (!config.api_url.empty()) static_cast<void>(api_server(config.api_url, prefix));
  if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
    throw ConfigError{
        "services.event_gateway.tls_cert_file: it and tls_key_file come together or not at all"};
  }
}

class EventGateway final : public Service {
 public:
  using Config = GatewayConfig;

  static Needs needs(const Config& config) {
    // One that is off is looked at too, by `services ls`.
    if (config.enabled) check(config);
    ListensOn listens{config.listen, largest_body};
    listens.tls_certificate = config.tls_cert_file;
    listens.tls_key = config.tls_key_file;
    listens.connections = static_cast<std::size_t>(config.max_connections);
    if (!config.api_url.empty()) {
      const std::string prefix = api_prefix(config.base_path);
      ApiServer api = api_server(config.api_url, prefix);
      listens.passes_on.host = std::move(api.host);
      listens.passes_on.port = std::move(api.port);
      listens.passes_on.own = gateway_paths(prefix, config.events_out);
    }
    Needs needs{.publishes = {{event_stream, event_subjects},
                              {invalid_stream, invalid_subject, config.dlq_max_bytes.value}},
                .listens = {std::move(listens)}};
    if (config.events_out) {
      needs.tables = {&stored_events(), &stored_resources()};
      needs.live = {
          {.name = EventFeed::source, .stream = event_stream, .filter_subject = event_subjects}};
      needs.steers = {{event_stream, EventFeed::persister, false}};
    }
    if (config.csrf_protection_enabled) needs.tables.push_back(&csrf_token_table());
    needs.tables_can_wait = !needs.tables.empty();
    return needs;
  }

  EventGateway(Context& host, const Config& config)
      : host_{host},
        config_{config},
        prefix_{api_prefix(config.base_path)},
        cors_{config.cors_allowed_origins, config.cors_allowed_methods,
              config.cors_allowed_headers},
        executor_{host.executor()},
        listener_{host.listener()},
        intake_{std::make_shared<Intake>(host.executor(), config, host.publisher(), host.log(),
                                         host.metrics())} {
    check(config);
    if (config.events_out) feed_ = std::make_shared<EventFeed>(host, config_);
    if (config.csrf_protection_enabled) {
      csrf_ = std::make_shared<CsrfTokens>(host, config.publish_timeout);
    }
  }

  asio::awaitable<void> run() override {
    if (feed_) {
      co_await together(accept(), feed_->run());
    } else {
      co_await accept();
    }
    if (csrf_) co_await csrf_->idle();
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
    const ApiRoute route =
        api_route(exchange->method(), exchange->target(), exchange->wants_websocket(), prefix_);
    if (route == ApiRoute::events_in) {
      co_await events_in(exchange);
    } else if (route == ApiRoute::events_out && feed_) {
      co_await events_out(exchange);
    } else if (route == ApiRoute::events_out || route == ApiRoute::no_websocket) {
      co_await refuse_socket(*exchange);
    } else {
      co_await answer(*exchange, route);
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

  asio::awaitable<void> answer(Exchange& exchange, ApiRoute route) {
    const std::string_view asked = exchange.header("Access-Control-Request-Method");
    const std::string_view origin = exchange.header("Origin");
    if (exchange.method() == "OPTIONS" && !origin.empty() && !asked.empty()) {
      co_await answer_preflight(exchange);
      co_return;
    }
    if (csrf_) {
      const bool admitted = co_await csrf_->admits(exchange);
      if (!admitted) co_return;
    }
    for (auto& [name, value] : cors_.headers(origin)) exchange.add_header(name, value);
    const std::string& secret = config_.auth_string.reveal();
    const bool authorized = secret.empty() || route == ApiRoute::outside ||
                            is_authorized(exchange.header("Authorization"), secret);
    if (!authorized) {
      co_await respond_json(exchange, 401, R"({"exception_message":"Unauthorized"})");
    } else if (route == ApiRoute::slash) {
      const std::string_view target = exchange.target();
      const std::string_view query = target.substr(std::min(target.find('?'), target.size()));
      const std::string scheme = config_.tls_cert_file.empty() ? "http://" : "https://";
      exchange.add_header("Location", scheme + std::string{exchange.header("Host")} + prefix_ +
                                          "/events" + std::string{query});
      co_await exchange.respond(307, {}, {});
    } else if (route == ApiRoute::wrong_method) {
      exchange.add_header("Allow", "POST");
      co_await respond_json(exchange, 405, R"({"detail":"Method Not Allowed"})");
    } else if (route == ApiRoute::post_events) {
      co_await post_events(executor_, exchange, intake_, config_.publish_timeout);
    } else {
      co_await respond_json(exchange, 404, R"({"detail":"Not Found"})");
    }
  }

  asio::awaitable<void> answer_preflight(Exchange& exchange) {
    Cors::Preflight asked;
    asked.origin = exchange.header("Origin");
    asked.method = exchange.header("Access-Control-Request-Method");
    asked.headers = exchange.header("Access-Control-Request-Headers");
    asked.private_network = exchange.header("Access-Control-Request-Private-Network");
    Cors::Answer answer = cors_.answer(asked);
    for (auto& [name, value] : answer.headers) exchange.add_header(name, value);
    co_await exchange.respond(answer.status, "text/plain; charset=utf-8", std::move(answer.body));
  }

  Context& host_;
  const Config config_;
  const std::string prefix_;
  const Cors cors_;
  asio::any_io_executor executor_;
  Listener& listener_;
  std::shared_ptr<Intake> intake_;
  std::shared_ptr<EventFeed> feed_;   ///< Null: nobody may subscribe.
  std::shared_ptr<CsrfTokens> csrf_;  ///< Null: nobody needs a token.
};

}  // namespace
}  // namespace hangar::gateway

HANGAR_PLUGIN(hangar::service_plugin<hangar::gateway::EventGateway>(
    "event_gateway", "1.0.0",
    "Takes events of Prefect's clients into JetStream, and sends them to subscribers"));
