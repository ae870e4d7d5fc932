#pragma once

#include <string_view>

/// Makes a class or function of the host visible to plugins.
#define HANGAR_API __attribute__((visibility("default")))

namespace hangar {

/// The version of the host, `MAJOR.MINOR.PATCH`.
inline constexpr std::string_view version = "0.1.0";

}  // namespace hangar
