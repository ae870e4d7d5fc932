#pragma once

#include <map>
#include <string>

namespace hangar {

/// The variables of this process.
std::map<std::string, std::string> environment();

}  // namespace hangar
