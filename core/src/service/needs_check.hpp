#pragma once

#include <string_view>

#include "hangar/needs.hpp"

namespace hangar {

/// Throws ConfigError for needs of a service that nothing can meet.
void check_needs(std::string_view service, const Needs& needs);

}  // namespace hangar
