#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/exit_code.hpp"
#include "cli/host_status.hpp"

/// What `hangar check` finds, in the form of a plugin of Nagios. Pure.
namespace hangar::cli::nagios {

/// The exit codes.
enum class State : int { ok = 0, warning = 1, critical = 2, unknown = exit_code::unknown };

/// A number above one of them is worth that state; without the second it is never critical.
struct Thresholds {
  std::uint64_t warning = 0;
  std::optional<std::uint64_t> critical{};
};

struct Finding {
  State state = State::unknown;
  std::string text;
  std::vector<std::string> data{};  ///< `label=value;warning;critical;least`.
};

/// `HANGAR LAG OK - text | data`, without a line end.
std::string line(std::string_view check, const Finding& finding);

/// How old the oldest message is that a durable has not acked; of all durables, or of one.
Finding check_lag(const FoundHosts& found, const Thresholds& thresholds,
                  const std::string& durable);
/// How many dead letters there are.
Finding check_dlq(const FoundHosts& found, const Thresholds& thresholds);
/// Whether there is a host and all are ready.
Finding check_ready(const FoundHosts& found);

}  // namespace hangar::cli::nagios
