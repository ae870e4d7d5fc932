#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <string_view>

#include "status/observation.hpp"

namespace hangar {

/// An answer of the admin surface.
struct AdminReply {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// Answers a GET of the target: 404 for a path that is none of `/livez`, `/readyz`, `/metrics` and
/// `/status`. `services` is what the services
/// count themselves. Any thread.
AdminReply admin_reply(std::string_view target, const Observation& seen,
                       const prometheus::Collectable& services);

}  // namespace hangar
