#include "cli/commands.hpp"
#include "hangar/host.hpp"

namespace hangar::cli {

int run(const HostOptions& host) { return Host{host}.run_services(); }

}  // namespace hangar::cli
