#pragma once

#include <string>

#include "service/resources.hpp"
#include "status/status_board.hpp"

namespace hangar {

/// Makes the listeners of a service and tells their addresses to the board, which outlives it. A
/// run that ends by itself waits for nobody, and beside a replay the host that serves may run:
/// nothing listens there.
decltype(ServiceResources::make_listener) listener_maker(StatusBoard& board, std::string service,
                                                         bool ends_by_itself);

}  // namespace hangar
