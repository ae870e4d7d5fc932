#pragma once

#include "host/installation.hpp"

namespace hangar::cli {

/// Says on standard error which plugins were refused and why. Returns `exit_code::failed` when the
/// settings do not switch all of those off: a service that is to run would not.
int tell_refusals(const Installation& installation);

}  // namespace hangar::cli
