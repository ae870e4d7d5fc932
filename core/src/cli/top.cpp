#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/host_lines.hpp"
#include "cli/host_status.hpp"
#include "cli/terminal.hpp"
#include "config/value.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "log/stderr_log.hpp"

namespace asio = boost::asio;

namespace hangar::cli {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

/// Hears the signals that would end the process, so that it can leave the terminal as it was.
class EndSignal {
 public:
  EndSignal() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signals_.add(number);
    signals_.async_wait([this](const auto& failed, int /*number*/) { heard_ = !failed; });
  }
  /// Waits for one until then; whether there was one.
  bool heard_until(steady_clock::time_point time) {
    io_.poll();
    while (!heard_ && io_.run_one_until(time) > 0) {
    }
    return heard_;
  }

 private:
  asio::io_context io_{1};
  asio::signal_set signals_{io_};
  bool heard_ = false;
};

std::vector<ShownLine> lines_of(const FoundHosts& found, const Rates& rates,
                                const std::string& interval) {
  std::vector<ShownLine> lines{
      {fmt::format("{:%Y-%m-%dT%H:%M:%S}Z, every {}",
                   fmt::gmtime(system_clock::to_time_t(system_clock::now())), interval)}};
  for (const std::string& trouble : found.troubles) {
    lines.push_back({printable(trouble), Tone::bad});
  }
  std::ranges::move(host_lines(found.hosts, rates), std::back_inserter(lines));
  return lines;
}

/// In the place of what was shown before, where that can be; else below it, after an empty line.
void show_look(const std::vector<ShownLine>& lines, bool on_screen, bool first) {
  const Terminal terminal = standard_output();
  if (on_screen) {
    std::cout << frame_of(lines, terminal);
  } else {
    std::cout << (first ? "" : "\n") << text_of(lines, terminal);
  }
  if (!std::cout.flush()) throw Error{"standard output cannot be written"};
}

}  // namespace

int top(const HostOptions& host, const TopOptions& options) {
  Installation installation{host};
  installation.load();
  const auto folder = installation.known_data_dir();
  const std::string& listen = installation.config().admin.listen;
  const Duration interval = parse_duration(options.interval).value_or(Duration{2'000});
  EndSignal end;
  std::optional<OtherScreen> screen;
  if (standard_output().draws) screen.emplace();
  Rates rates;
  FoundHosts found;
  for (std::size_t looks = 1;; ++looks) {
    const auto now = steady_clock::now();
    found = find_hosts(folder, listen);
    rates.look(found.hosts, now);
    show_look(lines_of(found, rates, format_duration(interval)), screen.has_value(), looks == 1);
    if (looks == options.count || end.heard_until(now + interval)) break;
  }
  screen.reset();
  if (!found.hosts.empty()) return exit_code::done;
  for (const std::string& trouble : found.troubles) {
    fmt::print(stderr, "hangar: {}\n", printable(trouble));
  }
  return exit_code::failed;
}

}  // namespace hangar::cli
