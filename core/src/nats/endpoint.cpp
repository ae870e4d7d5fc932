#include "nats/endpoint.hpp"

#include <fmt/format.h>

#include <boost/url/encode.hpp>
#include <boost/url/host_type.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>
#include <system_error>

#include "config/list_elements.hpp"
#include "config/mask_url.hpp"
#include "hangar/error.hpp"
#include "text/number.hpp"

namespace urls = boost::urls;

namespace hangar {
namespace {

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void take_user(Endpoint& endpoint, const urls::url_view& url, const NatsConfig& config) {
  if (url.has_userinfo() && url.has_password()) {
    endpoint.user = url.user();
    endpoint.password = Secret{url.password()};
  } else if (url.has_userinfo() && !url.user().empty()) {
    endpoint.token = Secret{url.user()};
  } else {
    endpoint.user = config.user;
    endpoint.password = config.password;
    endpoint.token = config.token;
  }
}

/// The same with `%XX` for what a URL does not allow there.
std::string encoded(std::string_view user_part) {
  const auto is_hex = [&](std::size_t at) {
    return at < user_part.size() && std::isxdigit(static_cast<unsigned char>(user_part[at])) != 0;
  };
  std::string result;
  for (std::size_t at = 0; at < user_part.size(); ++at) {
    const bool escape = user_part[at] == '%' && is_hex(at + 1) && is_hex(at + 2);
    result += escape ? "%" : urls::encode(user_part.substr(at, 1), urls::unreserved_chars);
  }
  return result;
}

/// The text as a URL. Its user part ends at the last `@`, whatever stands before it: a password
/// that is written as it is must not be taken for a host.
std::string whole_url(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const bool has_scheme = scheme_end != text.npos && scheme_end < text.find('@');
  std::string url{has_scheme ? text.substr(0, scheme_end + 3) : "nats://"};
  const std::string_view rest = has_scheme ? text.substr(scheme_end + 3) : text;
  const std::size_t at = rest.rfind('@');
  if (at == rest.npos) return url.append(rest);
  const std::string_view user_part = rest.substr(0, at);
  const std::size_t colon = user_part.find(':');
  url += encoded(user_part.substr(0, colon));
  if (colon != user_part.npos) url.append(":").append(encoded(user_part.substr(colon + 1)));
  return url.append(rest.substr(at));
}

/// Whether the comma in the text may part two servers as well as it may be one of a password.
bool comma_is_ambiguous(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == text.npos) return false;
  const std::string first = whole_url(text.substr(0, comma));
  const auto parsed = urls::parse_uri(first);
  if (parsed.has_error() || parsed->host_address().empty()) return false;
  return !parsed->has_port() || !parsed->port().empty();
}

Endpoint parse(std::string_view text, const NatsConfig& config) {
  const std::string whole = whole_url(text);
  const auto parsed = urls::parse_uri(whole);
  const auto fail = [&](std::string_view why) {
    return ConfigError{fmt::format("nats.url: `{}` {}", shown_url(text), why)};
  };
  if (comma_is_ambiguous(text)) {
    throw fail(
        "may be a password with a comma or several servers: write a comma of a password as %2C, "
        "and "
        "nats:// or tls:// before each server");
  }
  if (parsed.has_error() || parsed->host_address().empty()) {
    throw fail("is not a server's URL: write nats://host:4222 or tls://host:4222");
  }
  const urls::url_view& url = *parsed;
  Endpoint endpoint;
  endpoint.host = url.host_address();
  if (url.has_port()) {
    // The library takes 99999 for 34463.
    endpoint.port = parse_number<std::uint16_t>(std::string{url.port()}).value_or(0);
    if (endpoint.port == 0) throw fail("has no valid port: write one from 1 to 65535");
  }
  const std::string scheme = url.scheme();
  if (scheme != "nats" && scheme != "tls") {
    throw fail("has a scheme that Hangar does not speak: write nats:// or tls://");
  }
  const auto& tls = config.tls;
  endpoint.tls = scheme == "tls" || tls.required || tls.handshake_first || !tls.ca_file.empty() ||
                 !tls.cert_file.empty() || !tls.key_file.empty();
  endpoint.tls_name = endpoint.host;
  take_user(endpoint, url, config);
  const bool secret = !endpoint.password.empty() || !endpoint.token.empty();
  if (secret && !endpoint.tls && !tls.insecure && !is_loopback(endpoint.host)) {
    throw fail(
        "would get the password or token in clear text: use tls://, or set "
        "nats.tls.insecure: true on a network that you trust");
  }
  return endpoint;
}

}  // namespace

std::string Endpoint::address() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", tls ? "tls" : "nats", v6 ? "[" : "", host, v6 ? "]" : "",
                     port);
}

std::vector<Endpoint> endpoints(const NatsConfig& config) {
  std::vector<Endpoint> found;
  for (const std::string& urls : config.urls) {
    for (const std::string& url : list_elements(urls)) found.push_back(parse(url, config));
  }
  if (found.empty()) throw ConfigError{"nats.url: no server is named"};
  return found;
}

Endpoint discovered(const Endpoint& teller, std::string_view url) {
  NatsConfig same;
  same.tls.required = teller.tls;
  same.tls.insecure = true;  // the teller has been judged
  Endpoint endpoint = parse(url, same);
  endpoint.user = teller.user;
  endpoint.password = teller.password;
  endpoint.token = teller.token;
  // Clusters tell of each other by address, and certificates carry names.
  const urls::host_type kind = urls::parse_uri(endpoint.address())->host_type();
  if (kind != urls::host_type::name) endpoint.tls_name = teller.tls_name;
  return endpoint;
}

}  // namespace hangar
