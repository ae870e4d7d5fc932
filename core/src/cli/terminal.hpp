#pragma once

#include "cli/host_lines.hpp"

namespace hangar::cli {

/// What standard output is at this moment; without bounds where no person sees it.
Terminal standard_output();

}  // namespace hangar::cli
