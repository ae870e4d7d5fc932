#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

namespace hangar {

/// The endpoint that a setting names: `127.0.0.1:9470`, `[::1]:9470`, `localhost:9470`, or
/// `:9470`, which is loopback too. Port 0 is any free one. Throws ConfigError, which names
/// the setting, for anything else.
boost::asio::ip::tcp::endpoint listen_address(std::string_view text, std::string_view setting);

/// Makes it listen on the address that the setting gives. Throws ConfigError, which names the
/// setting, when it cannot be had.
void bind_to(boost::asio::ip::tcp::acceptor& acceptor, std::string_view text,
             std::string_view setting);

/// The address that is bound, with the port that was chosen for 0.
std::string address_of(const boost::asio::ip::tcp::acceptor& acceptor);

}  // namespace hangar
