#pragma once

#include <prometheus/collectable.h>

#include <string>

#include "metrics/process_numbers.hpp"
#include "status/snapshot.hpp"

namespace hangar {

/// What `/metrics` answers: Prometheus's text format 0.0.4. Every series of every announced service
/// is there from the first call on, those that a service counts itself (`services`) from its start;
/// labels are names from the configuration and closed sets. `ready` is what /readyz says.
std::string metrics_text(const Snapshot& seen, bool ready, const ProcessNumbers& process,
                         const prometheus::Collectable& services);

}  // namespace hangar
