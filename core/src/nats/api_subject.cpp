#include "nats/api_subject.hpp"

#include <fmt/format.h>

#include <string_view>

#include "hangar/error.hpp"
#include "jetstream/jetstream.hpp"

namespace hangar {
namespace {

/// Tokens between dots, as a publisher may write them; one dot at the end is left out.
std::string checked_prefix(std::string prefix, std::string_view setting) {
  if (prefix.ends_with('.')) prefix.pop_back();
  const bool bad = prefix.empty() || prefix.starts_with('.') || prefix.ends_with('.') ||
                   prefix.find("..") != std::string::npos ||
                   prefix.find_first_of(std::string_view{" \t\r\n\f\0*>", 8}) != std::string::npos;
  if (!bad) return prefix;
  throw ConfigError{fmt::format(
      "{}: `{}` cannot begin a subject: write words with a dot between them, without blanks, `*` "
      "or `>`",
      setting, prefix)};
}

}  // namespace

std::string api_prefix(const HostConfig::Nats& nats) {
  if (!nats.domain.empty() && !nats.api_prefix.empty()) {
    throw ConfigError{
        "nats.domain and nats.api_prefix are both set, and each names where JetStream's API is: "
        "remove one"};
  }
  if (!nats.domain.empty()) {
    check_jetstream_name(nats.domain, "nats.domain");
    return fmt::format("$JS.{}.API.", nats.domain);
  }
  if (nats.api_prefix.empty()) return std::string{server_api};
  return checked_prefix(nats.api_prefix, "nats.api_prefix") + '.';
}

std::string inbox_prefix(const HostConfig::Nats& nats) {
  return checked_prefix(nats.inbox_prefix, "nats.inbox_prefix");
}

}  // namespace hangar
