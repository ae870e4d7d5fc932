#include "nats/tls_first.hpp"

#include <fmt/format.h>

#include "hangar/error.hpp"

namespace hangar {

#ifdef HANGAR_CNATS_HAS_TLS_FIRST

std::string tls_first_remedy() {
  return "the server hung up before it greeted: does it want TLS first (`handshake_first`)? Then "
         "set nats.tls.handshake_first: true";
}

void set_tls_first(natsOptions* options) {
  const natsStatus status = natsOptions_TLSHandshakeFirst(options);
  if (status == NATS_OK) return;
  throw ConfigError{fmt::format("nats.tls.handshake_first: {}", natsStatus_GetText(status))};
}

#else

std::string tls_first_remedy() {
  return fmt::format(
      "the server hung up before it greeted: does it want TLS first (`handshake_first`)? The cnats "
      "{} of this Hangar cannot do that, 3.9 can: set `handshake_first: auto` in the server's "
      "configuration, or build Hangar with a newer one",
      nats_GetVersion());
}

void set_tls_first(natsOptions* /*options*/) {
  throw ConfigError{fmt::format(
      "nats.tls.handshake_first: the cnats {} of this Hangar cannot begin with TLS, 3.9 can: set "
      "`handshake_first: auto` in the server's configuration, or build Hangar with a newer one",
      nats_GetVersion())};
}

#endif

}  // namespace hangar
