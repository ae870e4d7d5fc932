#pragma once

#include <string>
#include <string_view>

#include "hangar/host.hpp"
#include "hangar/needs.hpp"
#include "hangar/plugin.hpp"

namespace hangar {

/// The setting that gives the address, as messages name it.
std::string setting_of(std::string_view service, const ListensOn& listener);

/// Throws ConfigError for needs of a service that nothing can meet.
void check_needs(std::string_view service, const Needs& needs);
/// What the service declares, checked. Throws what its factory throws, too.
Needs checked_needs(std::string_view service, const ServiceFactory& factory);
/// The same, not checked; none where they cannot be told: the service fails for that when it
/// starts.
Needs needs_or_none(const HostedService& service);

}  // namespace hangar
