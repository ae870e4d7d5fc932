#pragma once

#include <exception>
#include <string>

namespace hangar {

/// What was thrown, whatever it is, for a person.
std::string describe(const std::exception_ptr& error);

}  // namespace hangar
