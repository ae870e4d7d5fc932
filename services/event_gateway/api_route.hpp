#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hangar::gateway {

/// The prefix of the API's paths that Prefect's server makes of its setting: it has no slash at its
/// end, and nothing set is `/api`. Throws ConfigError for one that does not begin with a slash.
std::string api_prefix(std::string_view base_path);

/// A server's name or address, and its port.
struct ApiServer {
  std::string host;
  std::string port;
};

/// The one of a URL, which may have the prefix of the API as its path, as Prefect's clients have
/// it. Throws ConfigError for any other.
ApiServer api_server(std::string_view url, std::string_view prefix);

/// The paths of the API that the gateway serves, with that of subscribers or without.
std::vector<std::string> gateway_paths(std::string_view prefix, bool events_out);

/// What a request asks for.
enum class ApiRoute {
  events_in,     ///< A WebSocket that takes events.
  events_out,    ///< A WebSocket that subscribes to events.
  post_events,   ///< A list of events.
  slash,         ///< `/events/`: Prefect's server sends clients to `/events`.
  wrong_method,  ///< There is only POST.
  unknown,       ///< A path of the API that is not the gateway's.
  outside,       ///< No path of the API.
  no_websocket,  ///< A WebSocket where there is none.
};

/// `target` is as it was sent, with the query and with what is escaped by `%`.
ApiRoute api_route(std::string_view method, std::string_view target, bool wants_websocket,
                   std::string_view prefix);

}  // namespace hangar::gateway
