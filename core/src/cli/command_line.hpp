#pragma once

#include "hangar/version.hpp"

namespace hangar {

/// The program: parses the arguments, runs the command and returns the exit code. Data goes to
/// standard output, everything else to standard error. 0 done, 1 failed, 2 usage, 69 a dependency
/// cannot be reached, 75 draining timed out, 78 configuration.
HANGAR_API int run_command_line(int argc, const char* const* argv);

}  // namespace hangar
