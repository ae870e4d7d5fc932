#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"
#include "http/http_get.hpp"

namespace hangar::cli {

/// Of a host whose admin surface at the address answered that to `/readyz?verbose`.
std::vector<Check> check_readiness(const std::string& address, unsigned status,
                                   std::string_view body);

struct HostAnswer {
  std::string address;
  std::optional<HttpAnswer> answer;  ///< Nothing when none came within 2 s.
};

/// Asks the hosts on this folder, which live, and whatever is at `admin.listen`, which is left out
/// when nothing is.
std::vector<HostAnswer> ask_running_hosts(const std::optional<std::filesystem::path>& data_dir,
                                          const std::string& listen, const std::string& target);

/// Of the processes on this folder that have no admin surface and so cannot be asked, or nothing.
std::string silent_hosts(const std::optional<std::filesystem::path>& data_dir);

/// Asks the hosts on this folder, and the one at `admin.listen`, whether they are ready. Says what
/// could not be looked at: a host on another machine, or in another container, is not seen.
std::vector<Check> check_running_hosts(const std::optional<std::filesystem::path>& data_dir,
                                       const std::string& listen);

}  // namespace hangar::cli
