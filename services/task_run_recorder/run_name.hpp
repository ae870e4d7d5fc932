#pragma once

#include <string>

#include "hangar/storage.hpp"

namespace hangar::recorder {

/// A name for a run that has none: two words joined by a hyphen, always the same for one id.
/// (Prefect's is random.)
std::string generated_name(const Uuid& run_id);

}  // namespace hangar::recorder
