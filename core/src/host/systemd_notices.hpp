#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "status/snapshot.hpp"

namespace hangar {

/// What systemd is told of a host that runs, as lines of sd_notify(3). Pure.
class SystemdNotices {
 public:
  using Clock = std::chrono::steady_clock;
  /// So much longer a start may take, told again and again while one waits for a server.
  static constexpr std::chrono::seconds extension{30};

  /// `watchdog`: within how long systemd wants a sign of life; nothing when it wants none.
  explicit SystemdNotices(std::optional<std::chrono::microseconds> watchdog);

  /// How often to look, at least.
  [[nodiscard]] Clock::duration period() const noexcept { return period_; }

  /// What is to be said now; empty when it is nothing. `served` services have not ended: the host
  /// is ready as soon as each of them runs, and stays so for systemd.
  std::string look(const Snapshot& seen, std::size_t served, Clock::time_point now);

 private:
  struct Settled {
    Clock::time_point at;
    std::uint64_t messages = 0;
  };
  std::string status(const Snapshot& seen, Clock::time_point now);

  std::optional<Clock::duration> watchdog_;
  Clock::duration period_;
  std::optional<Clock::time_point> signed_at_;
  std::optional<Clock::time_point> extended_at_;
  std::optional<Settled> settled_;
  bool ready_ = false;
  bool told_as_ready_ = false;  ///< Whether the last status was that of a ready host.
};

/// What the host does, or why it is not ready, in one sentence. `rate` is how many messages were
/// settled in a second, where that is known.
std::string status_sentence(const Snapshot& seen, std::optional<std::uint64_t> rate);

}  // namespace hangar
