#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hangar::cli {

/// What a running host tells of itself.
struct HostStatus {
  struct Source {
    std::string title;  ///< The service's name, and its own unless that is `main`.
    std::string durable;
    bool connected = false;
    std::uint64_t pending = 0;
    std::uint64_t ack_pending = 0;
    std::uint64_t lag_seconds = 0;
    std::uint64_t settled = 0;  ///< Recorded, ignored or dead-lettered since the host started.
  };
  struct Service {
    std::string name;
    std::string state;
    std::uint64_t restarts = 0;
    std::vector<Source> sources;
  };
  std::string address;
  std::string version;
  bool ready = false;
  std::vector<std::string> failures;  ///< `nats: why`, one for each check.
  std::vector<Service> services;
  std::string storage;
  std::string broker;
  std::uint64_t dead_letters = 0;
  boost::json::object told;  ///< All of it, with the address.
};

/// Of the body that the host at the address answered to `/status`; nothing when that is no host's.
std::optional<HostStatus> parse_host_status(const std::string& address, std::string_view body);

/// What was found of the hosts on a machine.
struct FoundHosts {
  std::vector<HostStatus> hosts;
  /// Of those that live and tell nothing, and of what answers in the place of one.
  std::vector<std::string> troubles;
};

/// Asks as `ask_running_hosts` does.
FoundHosts find_hosts(const std::optional<std::filesystem::path>& data_dir,
                      const std::string& listen);

/// Why this is not at least one host, all ready: one reason a line. Empty when it is.
std::vector<std::string> why_not_ready(const FoundHosts& found);

}  // namespace hangar::cli
