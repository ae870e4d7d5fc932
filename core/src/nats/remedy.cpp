#include "nats/remedy.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <chrono>
#include <utility>

#include "hangar/error.hpp"
#include "identity/credentials.hpp"
#include "text/utc.hpp"

namespace hangar {
namespace {

struct Remedy {
  std::string_view said;  // somewhere in it, in any case
  std::string_view mends;
};

// The first that fits.
constexpr std::array remedies{
    Remedy{"authentication expired", "give {} a new one"},
    Remedy{"authentication revoked", "give {} a new one"},
    Remedy{"authorization violation", "the server does not accept {}"},
    Remedy{"authentication timeout", "the server does not accept {}"},
    Remedy{"maximum connections exceeded", "raise max_connections in the server's configuration"},
    Remedy{"maximum account active connections exceeded",
           "raise the limit of connections of this user's account"},
    Remedy{
        "maximum subscriptions exceeded",
        "raise max_subs in the server's configuration, or the limit of this user's account: each "
        "service needs 2"},
    Remedy{"tls required", "write tls:// in nats.url"},
    Remedy{"secure connection required", "write tls:// in nats.url"},
    Remedy{"permissions violation for publish to",
           "let this user publish there; etc/docs/permissions.md has what each command needs"},
    Remedy{"permissions violation for subscription to",
           "let this user subscribe there, or set nats.inbox_prefix to what he may subscribe to"},
};

// What stands before the subject, which is between quotes.
constexpr std::string_view publish_words = "ermissions Violation for Publish to \"";
constexpr std::string_view subscription_words = "ermissions Violation for Subscription to \"";

std::string expired_note(const std::string& file) {
  try {
    const auto expiry = expiry_of_jwt(read_user_credentials(file).jwt);
    if (expiry && *expiry < std::chrono::system_clock::now()) {
      return fmt::format(", whose JWT expired at {}", utc_text(*expiry));
    }
  } catch (const ConfigError&) {
    // Whoever connects with it says so.
  }
  return {};
}

}  // namespace

std::string identity_of(const Endpoint& endpoint, const NatsConfig& nats) {
  if (!nats.credentials_file.empty()) {
    return fmt::format("nats.credentials_file ({}{})", nats.credentials_file,
                       expired_note(nats.credentials_file));
  }
  if (!nats.nkey_seed_file.empty()) {
    return fmt::format("nats.nkey_seed_file ({})", nats.nkey_seed_file);
  }
  if (!endpoint.user.empty()) {
    return endpoint.user == nats.user ? "nats.user and nats.password"
                                      : "user and password in nats.url";
  }
  if (endpoint.token.empty()) return {};
  return endpoint.token == nats.token ? "nats.token" : "the token in nats.url";
}

std::optional<PermissionViolation> permission_violation_in(std::string_view said) {
  using Of = PermissionViolation::Of;
  for (const auto& [words, of] :
       {std::pair{publish_words, Of::publish}, std::pair{subscription_words, Of::subscription}}) {
    const std::size_t at = said.find(words);
    if (at == said.npos) continue;
    const std::string_view rest = said.substr(at + words.size());
    return PermissionViolation{of, std::string{rest.substr(0, rest.find('"'))}};
  }
  return std::nullopt;
}

std::string with_remedy(std::string_view said, std::string_view identity) {
  const auto found = std::ranges::find_if(remedies, [&](const Remedy& remedy) {
    return boost::algorithm::icontains(said, remedy.said);
  });
  if (found == remedies.end()) return std::string{said};
  const std::size_t hole = found->mends.find("{}");
  if (hole == found->mends.npos) return fmt::format("{}: {}", said, found->mends);
  if (identity.empty()) {
    return fmt::format(
        "{}: the server wants to know who connects: set nats.credentials_file, "
        "nats.nkey_seed_file, nats.user and nats.password, or nats.token",
        said);
  }
  return fmt::format("{}: {}{}{}", said, found->mends.substr(0, hole), identity,
                     found->mends.substr(hole + 2));
}

// A server that speaks TLS 1.3 looks at the certificate when the client has done its part: it hangs
// up, and cnats tells where that found it.
std::string certificate_remedy(std::string_view said, const NatsConfig& nats) {
  constexpr std::array hung_up{"expected 'pong', got ''",    "ssl_write error: (null)",
                               "ssl_read error: (null)",     "alert bad certificate",
                               "alert certificate required", "alert unknown ca",
                               "alert certificate unknown",  "alert handshake failure"};
  const bool fits = std::ranges::any_of(
      hung_up, [&](const char* words) { return boost::algorithm::icontains(said, words); });
  if (!fits) return {};
  return nats.tls.cert_file.empty()
             ? "the server hung up on a client without a certificate: if it wants one (`verify`), "
               "set nats.tls.cert_file and nats.tls.key_file"
             : fmt::format(
                   "the server hung up: does its ca_file vouch for nats.tls.cert_file ({}), and is "
                   "that of a user whom it knows (`verify_and_map`)?",
                   nats.tls.cert_file);
}

#ifdef HANGAR_CNATS_HAS_TLS_FIRST
std::string tls_first_remedy() {
  return "the server hung up before it greeted: does it want TLS first (`handshake_first`)? Then "
         "set nats.tls.handshake_first: true";
}
#else
std::string tls_first_remedy() {
  return fmt::format(
      "the server hung up before it greeted: does it want TLS first (`handshake_first`)? The cnats "
      "{} of this Hangar cannot do that, 3.9 can: set `handshake_first: auto` in the server's "
      "configuration, or build Hangar with a newer one",
      nats_GetVersion());
}
#endif

}  // namespace hangar
