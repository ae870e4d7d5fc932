#pragma once

#include <optional>
#include <string>

#include "host/nats_server.hpp"
#include "service/resources.hpp"
#include "status/status_board.hpp"

namespace hangar {

/// Lets a service connect to NATS beside its sources: to see streams go by, publish, hold leases
/// (not in a run that ends by itself) and steer consumers. The board is told of each connection.
/// Both outlive the service; `server` is there when it connects.
void let_connect(ServiceResources& resources, const std::string& service, bool ends_by_itself,
                 StatusBoard& board, const std::optional<NatsServer>& server);

}  // namespace hangar
