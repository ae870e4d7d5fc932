#pragma once

#include <prometheus/collectable.h>

#include <string_view>

#include "admin/history.hpp"
#include "http/http_server.hpp"
#include "status/snapshot.hpp"

namespace hangar {

/// What the admin surface answers: 404 for a path that is none of `/`, `/livez`, `/readyz`,
/// `/metrics`, `/status` and `/history`, 405 for a method that is neither GET nor HEAD. `services`
/// is what the services count themselves. Any thread.
HttpReply admin_reply(std::string_view method, std::string_view target, const Snapshot& seen,
                      const prometheus::Collectable& services, const History& history);

}  // namespace hangar
