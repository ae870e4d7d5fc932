#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nats/endpoint.hpp"

namespace hangar {

/// Which settings tell a server who connects, for a message: without a secret, empty when none is
/// set. Names the time at which a JWT has expired.
std::string identity_of(const Endpoint& endpoint, const NatsConfig& nats);

/// What cnats or a server said, and behind it what mends that; as it was said when nothing is
/// known.
std::string with_remedy(std::string_view said, std::string_view identity);

/// What to do about a server that hangs up before it greets.
std::string tls_first_remedy();

/// What a server said of a subject that this user may not use.
struct PermissionViolation {
  enum class Of { publish, subscription };
  Of of = Of::publish;
  std::string subject;
};

/// Nothing when it said something else.
std::optional<PermissionViolation> permission_violation_in(std::string_view said);

/// What mends it when a server over TLS hangs up for want of a client's certificate that it takes;
/// empty when that is not what was said.
std::string certificate_remedy(std::string_view said, const NatsConfig& nats);

}  // namespace hangar
