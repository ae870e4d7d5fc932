#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "nats/link.hpp"

namespace hangar {

/// What `hangar dlq force` leaves in the dead-letter stream, for the host that runs and for the
/// next: a person decided that what the service holds, of all messages stored before that time, is
/// at fault.
using ForceMark = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Stores it. Throws TransientError, or Error with what the server said.
boost::asio::awaitable<void> store_force_mark(Link& link, std::string service, ForceMark mark);

/// The latest one of the service; nothing where there is none, or where that cannot be told now.
boost::asio::awaitable<std::optional<ForceMark>> read_force_mark(Link& link, std::string service);

}  // namespace hangar
