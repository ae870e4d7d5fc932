#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <iostream>
#include <thread>

#include "cli/commands.hpp"
#include "cli/host_lines.hpp"
#include "cli/host_status.hpp"
#include "cli/terminal.hpp"
#include "config/value.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"

namespace json = boost::json;

namespace hangar::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks{200};
constexpr std::chrono::seconds rate_span{1};

void show(Output output, const FoundHosts& found, const Rates& rates) {
  if (output == Output::json) {
    json::array rows;
    for (const HostStatus& host : found.hosts) rows.push_back(host.told);
    std::cout << json::serialize(rows) << '\n';
    return;
  }
  std::cout << text_of(host_lines(found.hosts, rates), standard_output());
}

}  // namespace

int status(const HostOptions& host, Output output, const StatusOptions& options) {
  Installation installation{host};
  installation.load();
  const auto folder = installation.known_data_dir();
  const std::string& listen = installation.config().admin.listen;
  const auto until = steady_clock::now() + parse_duration(options.wait).value_or(Duration{0});
  FoundHosts found = find_hosts(folder, listen);
  std::vector<std::string> reasons = why_not_ready(found);
  while (!reasons.empty() && steady_clock::now() < until) {
    std::this_thread::sleep_for(between_looks);
    found = find_hosts(folder, listen);
    reasons = why_not_ready(found);
  }
  // A rate is what two looks differ by; a script takes the counters' difference over its own time.
  Rates rates;
  if (!options.ready && output == Output::table && !found.hosts.empty()) {
    rates.look(found.hosts, steady_clock::now());
    std::this_thread::sleep_for(rate_span);
    found = find_hosts(folder, listen);
    rates.look(found.hosts, steady_clock::now());
  }
  if (!options.ready) show(output, found, rates);
  const bool must_be_ready = options.ready || !options.wait.empty();
  for (const std::string& reason : must_be_ready ? reasons : found.troubles) {
    fmt::print(stderr, "hangar: {}\n", printable(reason));
  }
  const bool good = must_be_ready ? reasons.empty() : !found.hosts.empty();
  return good ? exit_code::done : exit_code::failed;
}

}  // namespace hangar::cli
