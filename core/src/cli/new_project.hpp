#pragma once

#include <string>

namespace hangar::cli {

/// For CLI::Option::check: what a project and the plugin that it makes can be named.
std::string is_project_name(const std::string& text);

/// Makes a folder of that name in the present one, with a copy of the template of a `service` or a
/// `storage`. Throws Error where something of that name is there, and leaves nothing behind.
int new_project(const std::string& kind, const std::string& name);

}  // namespace hangar::cli
