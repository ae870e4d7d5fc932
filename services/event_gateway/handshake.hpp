#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "hangar/listener.hpp"

namespace hangar::gateway {

/// Answers the first message of a client as Prefect's server does; whether it knows the secret,
/// which is empty when nobody is asked for one. A client that does not was told so, where Prefect
/// says it.
boost::asio::awaitable<bool> authenticate(WebSocket& socket, const WebSocketFrame& frame,
                                          std::string_view secret);

}  // namespace hangar::gateway
