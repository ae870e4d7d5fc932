#pragma once

#include <exception>
#include <string>

namespace hangar {

/// What an exception says, in words; the place in the source that Boost adds is left out.
std::string describe(const std::exception& error);
std::string describe(const std::exception_ptr& error);

}  // namespace hangar
