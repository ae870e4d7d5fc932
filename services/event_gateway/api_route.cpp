#include "api_route.hpp"

#include <charconv>

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
