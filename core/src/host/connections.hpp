#pragma once

#include <optional>
#include <string>

#include "host/nats_server.hpp"
#include "service/resources.hpp"
#include "status/status_board.hpp"

namespace hangar {

/// Lets a service connect to NATS beside its sources: to see streams go by, publish, steer
/// consumers and, but in a run that ends by itself, hold leases and watch streams. The board is
/// told of each connection. Both outlive the service; `server` is there when it connects.
void let_connect(ServiceResources& resources, const std::string& service, bool ends_by_itself,
                 StatusBoard& board, const std::optional<NatsServer>& server);

}  // namespace hangar
