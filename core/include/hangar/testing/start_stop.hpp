#pragma once

#include <string>
#include <vector>

#include "hangar/host.hpp"

namespace hangar::testing {

/// Starts and stops services at any moment, and so many times, twice; `options.only` names one that
/// runs meanwhile. `services` are the others that are meant, none of them: all. Returns their
/// names. Throws Error when one of them fails, or leaves a thread or a descriptor behind. Once in a
/// process, which gets a SIGTERM that ends the host.
std::vector<std::string> start_and_stop(HostOptions options,
                                        const std::vector<std::string>& services, int rounds);

}  // namespace hangar::testing
