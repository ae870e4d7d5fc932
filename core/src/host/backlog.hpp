#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hangar {

/// Says how far services have got with what waits in their streams: a line in ten seconds, and
/// nothing about what is done within a second.
class Backlog {
 public:
  using Clock = std::chrono::steady_clock;

  /// `settled` counts what was recorded or dead-lettered, `pending` what is still to be delivered.
  /// Returns a line when it is time for one.
  std::optional<std::string> look(const std::string& service, std::uint64_t settled,
                                  std::uint64_t pending, Clock::time_point now);

 private:
  struct Seen {
    Clock::time_point at;
    std::uint64_t settled = 0;
  };
  std::map<std::string, Seen> seen_;
};

}  // namespace hangar
