#pragma once

#include <string>
#include <string_view>

#include "jetstream/stream_setup.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// The stream of leases: one message for each, with the name of its holder.
inline constexpr const char* lease_stream = "HANGAR_LEASES";

/// The one that is to be.
StreamConfig lease_config(const NatsConfig& nats);

/// Where the lease of a service is in it.
std::string lease_subject(std::string_view service, std::string_view lease);

}  // namespace hangar
