#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace hangar {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

/// What the server there answers to a GET; nothing when none does within the time.
std::optional<HttpAnswer> http_get(const boost::asio::ip::tcp::endpoint& server,
                                   const std::string& target, std::chrono::milliseconds within);

}  // namespace hangar
