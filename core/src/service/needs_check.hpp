#pragma once

#include <string>
#include <string_view>

#include "hangar/needs.hpp"

namespace hangar {

/// The setting that gives the address, as messages name it.
std::string setting_of(std::string_view service, const ListensOn& listener);

/// Throws ConfigError for needs of a service that nothing can meet.
void check_needs(std::string_view service, const Needs& needs);

}  // namespace hangar
