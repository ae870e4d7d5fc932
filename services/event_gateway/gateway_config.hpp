#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hangar/config.hpp"
#include "hangar/error.hpp"
#include "hangar/service.hpp"
#include "prefect/event_limits.hpp"

namespace hangar::gateway {

/// What a user sets of the gateway. Prefect's own names of the same settings are read too.
struct GatewayConfig : ServiceConfig {
  std::string listen = "127.0.0.1:4201";
  std::string api_url;
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string base_path = "/api";
  std::string cors_allowed_origins = "*";
  std::string cors_allowed_methods = "*";
  std::string cors_allowed_headers = "*";
  Secret auth_string;
  bool csrf_protection_enabled = false;
  std::int64_t max_connections = 10'000;
  Duration websocket_ping_interval{20'000};
  Duration websocket_ping_timeout{20'000};
  Duration publish_timeout{5'000};
  bool events_out = true;
  Duration maximum_websocket_backfill = std::chrono::minutes{15};
  std::int64_t websocket_backfill_page_size = 250;
  ByteSize dlq_max_bytes{64U << 20U};
  std::int64_t maximum_size_bytes = 1'500'000;
  std::int64_t maximum_labels_per_resource = 500;
  std::int64_t maximum_related_resources = 100;
  std::int64_t maximum_event_name_length = 1'024;

  GatewayConfig() { enabled = false; }

  [[nodiscard]] prefect::EventLimits limits() const {
    return {static_cast<std::size_t>(maximum_labels_per_resource),
            static_cast<std::size_t>(maximum_related_resources),
            static_cast<std::size_t>(maximum_event_name_length)};
  }

  void fields(Fields& fields) {
    ServiceConfig::fields(fields);
    fields.add("listen", &listen, "Address for Prefect's clients, `host:port`");
    fields.add("api_url", &api_url,
               "Where Prefect's API is, http://127.0.0.1:4200, say: what is not for the gateway is "
               "passed on to it; empty: it is answered 404");
    fields.add("tls_cert_file", &tls_cert_file,
               "Certificate for TLS, with its chain, in PEM; when it is replaced, new connections "
               "have the new one; empty: there is no TLS");
    fields.add("tls_key_file", &tls_key_file, "Its key");
    fields.add("base_path", &base_path, "What the paths of the API begin with")
        .also_set_by({"PREFECT_SERVER_API_BASE_PATH"});
    fields
        .add("cors_allowed_origins", &cors_allowed_origins,
             "Origins, with commas, whose pages may send requests from a browser; `*`: all")
        .also_set_by(
            {"PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS", "PREFECT_SERVER_CORS_ALLOWED_ORIGINS"});
    fields.add("cors_allowed_methods", &cors_allowed_methods, "Methods that they may use")
        .also_set_by(
            {"PREFECT_SERVER_API_CORS_ALLOWED_METHODS", "PREFECT_SERVER_CORS_ALLOWED_METHODS"});
    fields.add("cors_allowed_headers", &cors_allowed_headers, "Headers that they may send")
        .also_set_by(
            {"PREFECT_SERVER_API_CORS_ALLOWED_HEADERS", "PREFECT_SERVER_CORS_ALLOWED_HEADERS"});
    fields
        .add("auth_string", &auth_string,
             "`user:password` that clients must know; empty: nobody is asked")
        .also_set_by({"PREFECT_SERVER_API_AUTH_STRING"});
    fields
        .add("csrf_protection_enabled", &csrf_protection_enabled,
             "Whether a request that changes something needs a CSRF token of Prefect's, which is "
             "looked up in Prefect's database")
        .also_set_by({"PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED",
                      "PREFECT_SERVER_CSRF_PROTECTION_ENABLED"});
    fields.add("max_connections", &max_connections, "A further connection is closed at once")
        .range(1, 1'000'000);
    fields
        .add("websocket_ping_interval", &websocket_ping_interval,
             "How often a client is pinged; 0: never")
        .range(0, 3'600'000)
        .also_set_by({"PREFECT_SERVER_API_WEBSOCKET_PING_INTERVAL"});
    fields
        .add("websocket_ping_timeout", &websocket_ping_timeout,
             "A client that does not answer a ping for so long is closed; 0: none is")
        .range(0, 3'600'000)
        .also_set_by({"PREFECT_SERVER_API_WEBSOCKET_PING_TIMEOUT"});
    fields
        .add("publish_timeout", &publish_timeout,
             "A POST whose events are not stored for so long is answered 503")
        .range(100, 600'000);
    subscriber_fields(fields);
    fields
        .add("dlq_max_bytes", &dlq_max_bytes,
             "Size of the stream of invalid events when it is created; the oldest go first")
        .range(1LL << 20, 1LL << 40);
    limit_fields(fields);
  }

 private:
  void subscriber_fields(Fields& fields) {
    fields.add("events_out", &events_out,
               "Whether `/api/events/out` is served, for which Prefect's database is read");
    fields
        .add("maximum_websocket_backfill", &maximum_websocket_backfill,
             "How far back a subscriber gets events that are stored")
        .range(0, 366LL * 24 * 3'600'000)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL",
                      "PREFECT_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL"});
    fields
        .add("websocket_backfill_page_size", &websocket_backfill_page_size,
             "How many rows of stored events are read at a time")
        .range(1, 10'000)
        .also_set_by({"PREFECT_SERVER_EVENTS_WEBSOCKET_BACKFILL_PAGE_SIZE",
                      "PREFECT_EVENTS_WEBSOCKET_BACKFILL_PAGE_SIZE"});
  }
  void limit_fields(Fields& fields) {
    constexpr std::int64_t most = 1'000'000'000;
    fields
        .add("maximum_size_bytes", &maximum_size_bytes,
             "An event of more bytes is dropped, as by Prefect")
        .range(0, most)
        .also_set_by(
            {"PREFECT_SERVER_EVENTS_MAXIMUM_SIZE_BYTES", "PREFECT_EVENTS_MAXIMUM_SIZE_BYTES"});
    fields
        .add("maximum_labels_per_resource", &maximum_labels_per_resource,
             "An event with a resource of more labels is invalid, as for Prefect")
        .range(0, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_LABELS_PER_RESOURCE",
                      "PREFECT_EVENTS_MAXIMUM_LABELS_PER_RESOURCE"});
    fields
        .add("maximum_related_resources", &maximum_related_resources,
             "An event with more related resources is invalid, as for Prefect")
        .range(0, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_RELATED_RESOURCES",
                      "PREFECT_EVENTS_MAXIMUM_RELATED_RESOURCES"});
    fields
        .add("maximum_event_name_length", &maximum_event_name_length,
             "An event whose name has more characters is invalid, as for Prefect")
        .range(1, most)
        .also_set_by({"PREFECT_SERVER_EVENTS_MAXIMUM_EVENT_NAME_LENGTH"});
  }
};

}  // namespace hangar::gateway
