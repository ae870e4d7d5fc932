#include "cli/running_hosts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "hangar/error.hpp"
#include "http/listen_address.hpp"
#include "status/state_file.hpp"

namespace asio = boost::asio;

namespace hangar::cli {
namespace {

using enum Check::Verdict;
using namespace std::chrono_literals;

/// Where it is asked; nothing for an address that is none, or a port that the system chooses.
std::optional<asio::ip::tcp::endpoint> asked_at(const std::string& address) {
  try {
    asio::ip::tcp::endpoint server = listen_address(address, "admin.listen");
    if (server.port() == 0) return std::nullopt;
    if (server.address().is_unspecified()) {
      const bool v6 = server.address().is_v6();
      server.address(v6 ? asio::ip::address{asio::ip::address_v6::loopback()}
                        : asio::ip::address{asio::ip::address_v4::loopback()});
    }
    return server;
  } catch (const ConfigError&) {
    return std::nullopt;  // `config check` says so
  }
}

}  // namespace

std::vector<Check> check_readiness(const std::string& address, unsigned status,
                                   std::string_view body) {
  const std::string what = "host at " + address;
  if (status == 200 && body.ends_with("readyz check passed\n")) {
    return {{ok, what, "it is ready", {}}};
  }
  std::vector<Check> checks;
  std::istringstream lines{std::string{body}};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("[-]")) continue;
    checks.push_back({fail, what, "it is not ready: " + line.substr(3), "its log says more"});
  }
  if (checks.empty()) {
    checks.push_back({warn, what, "what answers there is no hangar",
                      "set admin.listen to another address, or stop what has that one"});
  }
  return checks;
}

std::vector<HostAnswer> ask_running_hosts(const std::optional<std::filesystem::path>& data_dir,
                                          const std::string& listen, const std::string& target) {
  std::set<std::string> addresses;
  if (data_dir) {
    for (auto& [pid, address] : StateFile::admins(*data_dir)) {
      if (!address.empty()) addresses.insert(std::move(address));
    }
  }
  if (asked_at(listen)) addresses.insert(listen);
  std::vector<HostAnswer> answers;
  for (const std::string& address : addresses) {
    const auto server = asked_at(address);
    auto answer = server ? http_get(*server, target, 2s) : std::nullopt;
    if (answer || address != listen) answers.push_back({address, std::move(answer)});
  }
  return answers;
}

std::string silent_hosts(const std::optional<std::filesystem::path>& data_dir) {
  std::vector<int> silent;
  if (data_dir) {
    for (const auto& [pid, address] : StateFile::admins(*data_dir)) {
      if (address.empty()) silent.push_back(pid);
    }
  }
  if (silent.empty()) return {};
  return fmt::format(
      "process {} has this data_dir and no admin surface, so it cannot be asked: set admin.listen, "
      "such as to 127.0.0.1:0, and restart it (a replay never has one)",
      fmt::join(silent, ", "));
}

std::vector<Check> check_running_hosts(const std::optional<std::filesystem::path>& data_dir,
                                       const std::string& listen) {
  std::vector<Check> checks;
  for (const auto& [address, answer] : ask_running_hosts(data_dir, listen, "/readyz?verbose")) {
    if (!answer) {
      checks.push_back({fail, "host at " + address, "it lives and does not answer within 2 s",
                        "its log says more; SIGTERM ends it"});
      continue;
    }
    std::ranges::move(check_readiness(address, answer->status, answer->body),
                      std::back_inserter(checks));
  }
  if (const std::string silent = silent_hosts(data_dir); checks.empty() && !silent.empty()) {
    checks.push_back({warn, "host", silent, {}});
  }
  if (checks.empty()) {
    const std::string places =
        asked_at(listen) ? fmt::format(" at {} (admin.listen)", listen) : std::string{};
    checks.push_back({ok,
                      "host",
                      fmt::format("none answers{} or has this data_dir: whether one that runs "
                                  "elsewhere is ready was not looked at",
                                  places),
                      {}});
  }
  return checks;
}

}  // namespace hangar::cli
