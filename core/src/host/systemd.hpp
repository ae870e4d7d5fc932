#pragma once

#include <chrono>
#include <optional>
#include <string>

/// The notification protocol of systemd, sd_notify(3). Without `NOTIFY_SOCKET` in the environment
/// nothing is sent. Any thread.
namespace hangar::systemd {

void tell(const std::string& lines) noexcept;

/// Within how long a sign of life is wanted of this process; nothing when it is not.
std::optional<std::chrono::microseconds> watchdog() noexcept;

/// The host drains, which may take so long: a unit that gives it less time is told to wait.
void tell_stopping(std::chrono::milliseconds drain_timeout) noexcept;

/// Tells that settings are read while it lives, and then that this is done.
class Reloading {
 public:
  Reloading() noexcept;
  Reloading(const Reloading&) = delete;
  Reloading& operator=(const Reloading&) = delete;
  ~Reloading();
};

}  // namespace hangar::systemd
