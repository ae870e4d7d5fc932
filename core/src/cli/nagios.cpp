#include "cli/nagios.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "log/stderr_log.hpp"

namespace hangar::cli::nagios {
namespace {

constexpr std::array<std::string_view, 4> words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

State state_of(std::uint64_t number, const Thresholds& thresholds) {
  if (thresholds.critical && number > *thresholds.critical) return State::critical;
  return number > thresholds.warning ? State::warning : State::ok;
}

/// What is found to be wrong counts more than what is not known.
State worse(State one, State other) {
  constexpr std::array order{State::ok, State::unknown, State::warning, State::critical};
  const auto rank = [&](State state) { return std::ranges::find(order, state); };
  return rank(one) < rank(other) ? other : one;
}

std::string datum(std::string_view label, std::uint64_t value, std::string_view unit,
                  const Thresholds& thresholds) {
  const std::string critical = thresholds.critical ? std::to_string(*thresholds.critical) : "";
  return fmt::format("{}={}{};{};{};0", label, value, unit, thresholds.warning, critical);
}

Finding nothing_known(const FoundHosts& found) {
  return {State::unknown, fmt::format("{}", fmt::join(found.troubles, "; "))};
}

struct Lag {
  std::uint64_t seconds = 0;
  std::uint64_t pending = 0;
  bool connected = false;  ///< Of one host at least; what others saw before may be old.
};

/// By durable; of several hosts that share one the largest.
std::map<std::string, Lag> lags_of(const FoundHosts& found) {
  std::map<std::string, Lag> lags;
  for (const HostStatus& host : found.hosts) {
    for (const HostStatus::Service& service : host.services) {
      for (const HostStatus::Source& source : service.sources) {
        Lag& lag = lags[source.durable];
        lag.seconds = std::max(lag.seconds, source.lag_seconds);
        lag.pending = std::max(lag.pending, source.pending);
        lag.connected = lag.connected || source.connected;
      }
    }
  }
  return lags;
}

}  // namespace

std::string line(std::string_view check, const Finding& finding) {
  // A bar would begin the data.
  std::string text = printable(finding.text);
  std::ranges::replace(text, '|', '/');
  std::string line =
      fmt::format("HANGAR {} {} - {}", check,
                  words.at(static_cast<std::size_t>(static_cast<int>(finding.state))), text);
  if (!finding.data.empty()) line += fmt::format(" | {}", fmt::join(finding.data, " "));
  return line;
}

Finding check_lag(const FoundHosts& found, const Thresholds& thresholds,
                  const std::string& durable) {
  if (found.hosts.empty()) return nothing_known(found);
  auto lags = lags_of(found);
  if (!durable.empty()) {
    std::erase_if(lags, [&](const auto& entry) { return entry.first != durable; });
    if (lags.empty()) return {State::unknown, fmt::format("no host reads {}", durable)};
  }
  if (lags.empty()) return {State::unknown, "no host reads a stream"};
  Finding finding{State::ok, {}};
  std::vector<std::string> texts;
  std::uint64_t most = 0;
  for (const auto& [name, lag] : lags) {
    State state = state_of(lag.seconds, thresholds);
    if (!lag.connected) state = worse(state, State::unknown);
    finding.state = worse(finding.state, state);
    texts.push_back(lag.connected ? fmt::format("{}: {} s, {} wait", name, lag.seconds, lag.pending)
                                  : fmt::format("{}: not connected", name));
    most = std::max(most, lag.seconds);
    finding.data.push_back(datum(name, lag.seconds, "s", thresholds));
  }
  finding.text = fmt::format("{}", fmt::join(texts, "; "));
  finding.data.insert(finding.data.begin(), datum("lag", most, "s", thresholds));
  return finding;
}

Finding check_dlq(const FoundHosts& found, const Thresholds& thresholds) {
  if (found.hosts.empty()) return nothing_known(found);
  std::uint64_t letters = 0;
  for (const HostStatus& host : found.hosts) letters = std::max(letters, host.dead_letters);
  State state = state_of(letters, thresholds);
  std::string text = letters == 0 ? "no dead letters"
                                  : fmt::format("{} dead letter{}, see `hangar dlq ls`", letters,
                                                letters == 1 ? "" : "s");
  const auto lags = lags_of(found);
  const auto connected = [](const auto& entry) { return entry.second.connected; };
  if (std::ranges::none_of(lags, connected)) {
    state = worse(state, State::unknown);
    text += "; no host that reads a stream is connected";
  }
  return {state, std::move(text), {datum("dlq", letters, "", thresholds)}};
}

Finding check_ready(const FoundHosts& found) {
  if (found.hosts.empty()) return nothing_known(found);
  const auto ready = std::ranges::count_if(found.hosts, &HostStatus::ready);
  const std::vector<std::string> data{fmt::format("ready={};;{}:;0", ready, found.hosts.size())};
  const auto reasons = why_not_ready(found);
  if (!reasons.empty()) {
    return {State::critical, fmt::format("{}", fmt::join(reasons, "; ")), data};
  }
  std::vector<std::string> addresses;
  for (const HostStatus& host : found.hosts) addresses.push_back(host.address);
  return {State::ok, fmt::format("{} runs all its services", fmt::join(addresses, ", ")), data};
}

}  // namespace hangar::cli::nagios
