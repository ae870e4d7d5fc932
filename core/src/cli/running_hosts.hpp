#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::cli {

/// Of a host whose admin surface at the address answered that to `/readyz?verbose`.
std::vector<Check> check_readiness(const std::string& address, unsigned status,
                                   std::string_view body);

/// Asks the hosts on this folder, and the one at `admin.listen`, whether they are ready. Says what
/// could not be looked at: a host on another machine, or in another container, is not seen.
std::vector<Check> check_running_hosts(const std::optional<std::filesystem::path>& data_dir,
                                       const std::string& listen);

}  // namespace hangar::cli
