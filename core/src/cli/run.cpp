#include "cli/commands.hpp"
#include "hangar/failpoint.hpp"
#include "hangar/host.hpp"

namespace hangar::cli {

int run(const HostOptions& host) {
  failpoint(Failpoint::start);
  return Host{host}.run_services();
}

}  // namespace hangar::cli
