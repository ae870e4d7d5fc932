#include <exception>
#include <iostream>
#include <string_view>

#include "api/describe.hpp"
#include "cli/commands.hpp"
#include "cli/host_status.hpp"
#include "cli/nagios.hpp"
#include "config/value.hpp"
#include "hangar/error.hpp"
#include "host/installation.hpp"
#include "text/number.hpp"

namespace hangar::cli {
namespace {

using nagios::Thresholds;

constexpr Thresholds of_lag{.warning = 60, .critical = 300};  // seconds
constexpr Thresholds of_dlq{};

int told(std::string_view name, const nagios::Finding& finding) {
  std::cout << nagios::line(name, finding) << '\n';
  return static_cast<int>(finding.state);
}

/// Texts that the command line has checked.
std::uint64_t number_of(const std::string& text, Checked what) {
  if (what == Checked::dlq) return parse_number<std::uint64_t>(text).value_or(0);
  const Duration duration = parse_duration(text).value_or(Duration{0});
  return static_cast<std::uint64_t>(duration.count() / 1000);
}

Thresholds thresholds_of(Checked what, const CheckOptions& options) {
  Thresholds thresholds = what == Checked::lag ? of_lag : of_dlq;
  if (!options.warning.empty()) thresholds.warning = number_of(options.warning, what);
  if (!options.critical.empty()) thresholds.critical = number_of(options.critical, what);
  if (thresholds.critical.value_or(thresholds.warning) < thresholds.warning) {
    if (!options.critical.empty()) throw ConfigError{"--critical is less than --warning"};
    thresholds.critical = thresholds.warning;
  }
  return thresholds;
}

nagios::Finding look(const HostOptions& host, Checked what, const CheckOptions& options) {
  const Thresholds thresholds = thresholds_of(what, options);
  Installation installation{host};
  installation.load();
  const FoundHosts found =
      find_hosts(installation.known_data_dir(), installation.config().admin.listen);
  switch (what) {
    case Checked::lag:
      return nagios::check_lag(found, thresholds, options.durable);
    case Checked::dlq:
      return nagios::check_dlq(found, thresholds);
    case Checked::ready:
      break;
  }
  return nagios::check_ready(found);
}

std::string_view title_of(Checked what) {
  if (what == Checked::lag) return "LAG";
  return what == Checked::dlq ? "DLQ" : "READY";
}

}  // namespace

int check(const HostOptions& host, Checked what, const CheckOptions& options) {
  nagios::Finding finding;
  try {
    finding = look(host, what, options);
  } catch (...) {
    finding.text = describe(std::current_exception());
  }
  return told(title_of(what), finding);
}

int check_misused(const std::string& message) {
  return told("CHECK", {nagios::State::unknown, message});
}

}  // namespace hangar::cli
