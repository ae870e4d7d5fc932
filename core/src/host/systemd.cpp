#include "host/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace hangar::systemd {
namespace {

// sd_notify's own clock, which std::chrono::steady_clock need not be.
long long monotonic_microseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
}

constexpr std::chrono::seconds beyond_draining{5};

}  // namespace

void tell(const std::string& lines) noexcept {
  // What cannot be told is systemd's to miss: it has its timeouts.
  if (!lines.empty()) static_cast<void>(::sd_notify(0, lines.c_str()));
}

std::optional<std::chrono::microseconds> watchdog() noexcept {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds{microseconds};
}

void tell_stopping(std::chrono::milliseconds drain_timeout) noexcept {
  const std::chrono::microseconds most = drain_timeout + beyond_draining;
  static_cast<void>(::sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\n",
                                 static_cast<long long>(most.count())));
}

Reloading::Reloading() noexcept {
  static_cast<void>(
      ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\n", monotonic_microseconds()));
}

Reloading::~Reloading() { static_cast<void>(::sd_notify(0, "READY=1\n")); }

}  // namespace hangar::systemd
