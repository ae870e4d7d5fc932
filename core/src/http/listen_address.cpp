#include "http/listen_address.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstdint>
#include <sstream>
#include <string>

#include "hangar/error.hpp"
#include "text/number.hpp"

namespace asio = boost::asio;

namespace hangar {

asio::ip::tcp::endpoint listen_address(std::string_view text, std::string_view setting) {
  const auto wrong = [&] {
    return ConfigError{fmt::format(
        "{}: '{}' is no address: write 127.0.0.1:9470 or [::1]:9470, say", setting, text)};
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) throw wrong();
  auto host = text.substr(0, colon);
  const auto number = text.substr(colon + 1);
  const auto port = parse_number<std::uint16_t>(number);
  const bool digits = !number.empty() && number.find_first_not_of("0123456789") == number.npos;
  if (!port && digits) {
    throw ConfigError{
        fmt::format("{}: '{}' has no valid port: write one from 1 to 65535, or 0 for "
                    "any that is free",
                    setting, text)};
  }
  if (!port) throw wrong();
  if (host.empty() || host == "localhost") {
    return {asio::ip::address_v4::loopback(), *port};
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code bad;
  const auto address = asio::ip::make_address(std::string{host}, bad);
  if (bad || address.is_v6() != bracketed) throw wrong();
  return {address, *port};
}

void bind_to(asio::ip::tcp::acceptor& acceptor, std::string_view text, std::string_view setting) {
  const auto endpoint = listen_address(text, setting);
  try {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  } catch (const boost::system::system_error& error) {
    throw ConfigError{fmt::format(
        "{}: {} cannot be listened on: {}; set another address, or 127.0.0.1:0 for any free port",
        setting, text, error.code().message())};
  }
}

std::string address_of(const asio::ip::tcp::acceptor& acceptor) {
  std::ostringstream text;
  text << acceptor.local_endpoint();
  return text.str();
}

}  // namespace hangar
