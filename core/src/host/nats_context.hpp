#pragma once

#include <string>

#include "config/interpolate.hpp"
#include "config/load.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// Fills what neither Hangar's settings nor the variables of the nats CLI set from the context of
/// the nats CLI that `nats.context` names, and notes in `origins` where it came from. Who connects
/// is taken whole or not at all. Throws ConfigError for a context that is not there, cannot be
/// read, or has a member that Hangar cannot do.
void apply_nats_context(NatsConfig& nats, Origins& origins, const Environment& environment);

/// The context that is selected in the nats CLI, which Hangar does not take by itself; empty when
/// none is.
std::string selected_nats_context(const Environment& environment);

}  // namespace hangar
