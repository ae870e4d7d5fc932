#include "host/systemd_notices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "admin/readiness.hpp"

namespace hangar {
namespace {

using Clock = SystemdNotices::Clock;

// As often as the loop ticks anyway.
constexpr std::chrono::milliseconds longest_period{500};
// Also how often a start is extended: far sooner than that ends.
constexpr std::chrono::seconds between_statuses{5};

bool passed(const std::optional<Clock::time_point>& since, Clock::duration interval,
            Clock::time_point now) {
  return !since || now - *since >= interval;
}

bool runs(const Snapshot::Service& service) { return service.state == ServiceState::running; }

/// Messages that were recorded or dead-lettered.
std::uint64_t settled(const Snapshot& seen) {
  std::uint64_t sum = 0;
  for (const auto& service : seen.services) {
    for (const auto& source : service.sources) sum += source.acked + source.rejected;
  }
  return sum;
}

}  // namespace

SystemdNotices::SystemdNotices(std::optional<std::chrono::microseconds> watchdog)
    : watchdog_{watchdog}, period_{longest_period} {
  // A sign each half of the time that is late by one period is still in time.
  if (watchdog_) period_ = std::min(period_, *watchdog_ / 4);
}

std::string SystemdNotices::look(const Snapshot& seen, std::size_t served, Clock::time_point now) {
  std::string lines;
  const auto tell = [&](std::string_view line) { lines.append(line).append("\n"); };
  if (watchdog_ && passed(signed_at_, *watchdog_ / 2, now)) {
    signed_at_ = now;
    tell("WATCHDOG=1");
  }
  const auto running = static_cast<std::size_t>(std::ranges::count_if(seen.services, runs));
  if (!ready_ && served > 0 && running == served) {
    ready_ = true;
    tell("READY=1");
  }
  if (!ready_ && passed(extended_at_, between_statuses, now)) {
    extended_at_ = now;
    tell(fmt::format("EXTEND_TIMEOUT_USEC={}", std::chrono::microseconds{extension}.count()));
  }
  lines += status(seen, now);
  return lines;
}

std::string SystemdNotices::status(const Snapshot& seen, Clock::time_point now) {
  const bool ready = Readiness{seen}.ready();
  const bool due = !settled_ || now - settled_->at >= between_statuses;
  if (!due && ready == told_as_ready_) return {};
  std::optional<std::uint64_t> rate;
  const std::uint64_t messages = settled(seen);
  if (due && settled_) {
    const double seconds = std::chrono::duration<double>(now - settled_->at).count();
    rate = static_cast<std::uint64_t>(static_cast<double>(messages - settled_->messages) / seconds);
  }
  told_as_ready_ = ready;
  settled_ = Settled{now, messages};
  return fmt::format("STATUS={}\n", status_sentence(seen, rate));
}

std::string status_sentence(const Snapshot& seen, std::optional<std::uint64_t> rate) {
  if (seen.draining) return "draining: finishing what is held";
  const Readiness readiness{seen};
  for (const Readiness::Check& check : readiness.checks()) {
    if (!check.failure.empty()) return fmt::format("not ready: {}: {}", check.name, check.failure);
  }
  std::vector<std::string_view> names;
  std::uint64_t pending = 0;
  std::uint64_t lag = 0;
  std::uint64_t letters = 0;
  for (const auto& service : seen.services) {
    names.emplace_back(service.name);
    for (const auto& source : service.sources) {
      pending += source.pending;
      lag = std::max(lag, source.lag_seconds);
      letters = std::max(letters, source.stored_letters);
    }
  }
  std::string sentence = fmt::format("running {}", fmt::join(names, ", "));
  if (rate) sentence += fmt::format("; {} messages a second", *rate);
  return sentence + fmt::format("; {} wait, lag {} s; {} dead letters", pending, lag, letters);
}

}  // namespace hangar
