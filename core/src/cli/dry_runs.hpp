#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/dry_run.hpp"
#include "host/installation.hpp"

namespace hangar::cli {

/// The services of these names, or the enabled ones when there is no name. Takes their factories.
/// Throws ConfigError for a name that nobody has.
std::vector<std::unique_ptr<DryRun>> dry_runs(Installation& installation,
                                              const std::vector<std::string>& names);

}  // namespace hangar::cli
