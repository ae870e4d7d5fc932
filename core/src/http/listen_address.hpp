#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string_view>

namespace hangar {

/// The endpoint that a setting names: `127.0.0.1:9470`, `[::1]:9470`, `localhost:9470`, or
/// `:9470`, which is loopback too. Port 0 is any free one. Throws ConfigError, which names
/// the setting, for anything else.
boost::asio::ip::tcp::endpoint listen_address(std::string_view text, std::string_view setting);

}  // namespace hangar
