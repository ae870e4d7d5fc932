#include "api_route.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "hangar/error.hpp"

namespace hangar::gateway {
namespace {

/// What does not escape a byte stays as it is, as in Python.
std::string unescaped(std::string_view path) {
  std::string bytes;
  while (!path.empty()) {
    unsigned value = 0;
    const std::string_view digits = path.substr(1, 2);
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value, 16);
    if (path.front() == '%' && digits.size() == 2 && read.ptr == end) {
      bytes += static_cast<char>(value);
      path.remove_prefix(3);
    } else {
      bytes += path.front();
      path.remove_prefix(1);
    }
  }
  return bytes;
}

}  // namespace

std::string api_prefix(std::string_view base_path) {
  if (base_path.empty()) return "/api";
  if (base_path.front() != '/') {
    throw ConfigError{
        "services.event_gateway.base_path: it begins with a slash, as /api does; the root is /"};
  }
  while (base_path.ends_with('/')) base_path.remove_suffix(1);
  return std::string{base_path};
}

ApiServer api_server(std::string_view url, std::string_view prefix) {
  constexpr std::string_view scheme = "http://";
  const ConfigError wrong{fmt::format(
      "services.event_gateway.api_url: '{}' is no server: write http://127.0.0.1:4200, say", url)};
  if (!url.starts_with(scheme)) throw wrong;
  url.remove_prefix(scheme.size());
  const std::string_view authority = url.substr(0, url.find('/'));
  std::string_view path = url.substr(authority.size());
  if (path.ends_with('/')) path.remove_suffix(1);
  if (!path.empty() && path != prefix) throw wrong;
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string_view port = colon == authority.npos ? "80" : authority.substr(colon + 1);
  std::uint16_t number = 0;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == port.data() + port.size() && number > 0;
  if (!whole || host.empty() || host.find_first_of("@?#[] ") != host.npos) throw wrong;
  return {std::string{host}, std::string{port}};
}

std::vector<std::string> gateway_paths(std::string_view prefix, bool events_out) {
  const std::string begin{prefix};
  std::vector<std::string> paths{begin + "/events", begin + "/events/in"};
  if (events_out) paths.push_back(begin + "/events/out");
  return paths;
}

ApiRoute api_route(std::string_view method, std::string_view target, bool wants_websocket,
                   std::string_view prefix) {
  const std::string whole = unescaped(target.substr(0, target.find('?')));
  std::string_view path = whole;
  const bool in_api = path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/');
  if (in_api) path.remove_prefix(prefix.size());
  if (wants_websocket) {
    if (in_api && path == "/events/in") return ApiRoute::events_in;
    return in_api && path == "/events/out" ? ApiRoute::events_out : ApiRoute::no_websocket;
  }
  if (!in_api) return ApiRoute::outside;
  if (path == "/events/") return ApiRoute::slash;
  if (path != "/events") return ApiRoute::unknown;
  return method == "POST" ? ApiRoute::post_events : ApiRoute::wrong_method;
}

}  // namespace hangar::gateway
