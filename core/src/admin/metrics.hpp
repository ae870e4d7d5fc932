#pragma once

#include <string>

#include "admin/observation.hpp"
#include "admin/process_numbers.hpp"

namespace hangar {

/// What `/metrics` answers: Prometheus's text format 0.0.4. Every series of every announced service
/// is there from the first call on; labels are names from the configuration and closed sets.
std::string metrics_text(const Observation& seen, const ProcessNumbers& process);

}  // namespace hangar
